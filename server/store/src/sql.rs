//! The store's methods, written once for both databases.

use photonbox_secret::SecretBytes;

use crate::backup::check_root_key;
use crate::engine::{Ending, Engine, Failure};
use crate::key_frame::{frame_key, unframe_key};
use crate::records::{
    Authority, Enrolment, FailedTry, HeldLane, Identity, LedgerRows, Role, RunRow, Sizes,
};
use crate::renewal::{self, RenewalRefusal};
use crate::root::{Place, RootKey};
use crate::rows::{ENROLMENT_COLUMNS, enrolment_from, insert_enrolment, judge_token};
use crate::token::{self, EnrolRefusal, IssuedToken, TOKEN_SECRET_BYTES, TokenTerms};
use crate::value::{Row, Value, values};
use crate::{Error, Issue, Result, Store, held, ledger};

/// Refused enrolments that are kept.
pub(crate) const FAILED_TRIES_KEPT: u32 = 1000;

const NEW_IDENTITY: &str = "INSERT INTO identity \
     (only_one, role, name, hub, certificate, private_key, ca_certificate, relay, created, renewed) \
     VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

fn role_from(text: &str) -> Result<Role, Failure> {
    match text {
        "hub" => Ok(Role::Hub),
        "host" => Ok(Role::Host),
        _ => Err(Failure::row("an identity has an unknown role")),
    }
}

fn identity_from(row: &Row) -> Result<Identity, Failure> {
    Ok(Identity {
        role: role_from(&row.text(0)?)?,
        name: row.text(1)?,
        hub: row.text(2)?,
        certificate: row.bytes(3)?.to_vec(),
        private_key: unframe_key(row.bytes(4)?).map_err(Failure::row)?,
        ca_certificate: row.bytes(5)?.to_vec(),
        relay: row.flag(6)?,
        created: row.natural(7)?,
        renewed: row.time(8)?,
    })
}

/// Where the CA's private key lies, under the root key.
const CA_KEY: Place<'static> = Place {
    table: "authority",
    column: "private_key",
    row: &["1"],
};

/// How far the CA's private key is, in its row.
const IN_CLEAR: u8 = 0;
const SEALED: u8 = 1;
const SEALED_AND_PURGED: u8 = 2;

fn seal_ca_key(root: Option<&RootKey>, key: &SecretBytes) -> Result<Value, Failure> {
    let root = root.ok_or(Error::SecretsLocked)?;
    let sealed = root.seal(&CA_KEY, key).map_err(Error::from)?;
    Ok(Value::bytes(&sealed))
}

fn authority_from(row: &Row, root: Option<&RootKey>) -> Result<Authority, Failure> {
    let private_key = if row.small::<u8>(3)? == IN_CLEAR {
        unframe_key(row.bytes(1)?).map_err(Failure::row)?
    } else {
        let root = root.ok_or(Error::SecretsLocked)?;
        root.open(&CA_KEY, row.bytes(1)?).map_err(Error::from)?
    };
    Ok(Authority {
        certificate: row.bytes(0)?.to_vec(),
        private_key,
        created: row.natural(2)?,
    })
}

fn enrolment_where(
    engine: &impl Engine,
    clause: &str,
    values: &[Value],
) -> Result<Option<Enrolment>> {
    let sql = format!("SELECT {ENROLMENT_COLUMNS} FROM enrolments WHERE {clause}");
    Ok(engine.rows(&sql, values, enrolment_from)?.pop())
}

impl<E: Engine> Store for E {
    fn create_identity(&self, identity: &Identity, authority: Option<&Authority>) -> Result<()> {
        let root = self.root().get();
        let existing = self.write(|statements| {
            if let Some(row) = statements.first("SELECT role, name FROM identity", &[])? {
                return Ok(Ending::Leave(Some((role_from(&row.text(0)?)?, row.text(1)?))));
            }
            statements.execute(
                NEW_IDENTITY,
                &[
                    identity.role.as_str().into(),
                    (&identity.name).into(),
                    (&identity.hub).into(),
                    Value::bytes(&identity.certificate),
                    Value::bytes(frame_key(&identity.private_key).as_slice()),
                    Value::bytes(&identity.ca_certificate),
                    identity.relay.into(),
                    identity.created.into(),
                    identity.renewed.into(),
                ],
            )?;
            if let Some(authority) = authority {
                statements.execute(
                    "INSERT INTO authority (only_one, certificate, private_key, created, sealed) VALUES (1, ?1, ?2, ?3, ?4)",
                    &[
                        Value::bytes(&authority.certificate),
                        seal_ca_key(root.as_deref(), &authority.private_key)?,
                        authority.created.into(),
                        SEALED_AND_PURGED.into(),
                    ],
                )?;
            }
            Ok(Ending::Commit(None))
        })?;
        match existing {
            None => Ok(()),
            Some((role, name)) => Err(Error::AlreadyInitialised {
                path: self.place(),
                role: role.as_str(),
                name,
            }),
        }
    }

    fn identity(&self) -> Result<Identity> {
        self.rows(
            "SELECT role, name, hub, certificate, private_key, ca_certificate, relay, created, renewed FROM identity",
            &[],
            identity_from,
        )?
        .pop()
        .ok_or_else(|| Error::NotInitialised { path: self.place() })
    }

    fn authority(&self) -> Result<Option<Authority>> {
        let root = self.root().get();
        let sql = "SELECT certificate, private_key, created, sealed FROM authority";
        let read = |row: &Row| authority_from(row, root.as_deref());
        Ok(self.rows(sql, &[], read)?.pop())
    }

    fn seal_authority(&self) -> Result<bool> {
        let root = self.root().get();
        let state = self.write(|statements| {
            let sql = "SELECT private_key, sealed FROM authority";
            let Some(row) = statements.first(sql, &[])? else {
                return Ok(Ending::Leave(SEALED_AND_PURGED));
            };
            let state = row.small(1)?;
            if state != IN_CLEAR {
                return Ok(Ending::Leave(state));
            }
            // Two root keys in one store would be one too many.
            check_root_key(statements, root.as_deref())?;
            let key = unframe_key(row.bytes(0)?).map_err(Failure::row)?;
            let sealed = seal_ca_key(root.as_deref(), &key)?;
            let sql = "UPDATE authority SET private_key = ?1, sealed = ?2";
            statements.execute(sql, &[sealed, SEALED.into()])?;
            Ok(Ending::Commit(SEALED))
        })?;
        if state == SEALED_AND_PURGED {
            return Ok(false);
        }
        // After a crash before this it is done at the next start.
        self.purge(CA_KEY.table)?;
        let sql = "UPDATE authority SET sealed = ?1";
        self.change(sql, values![SEALED_AND_PURGED])?;
        Ok(true)
    }

    fn is_locked(&self) -> bool {
        self.root().get().is_none()
    }

    fn issue_token(
        &self,
        secret: &[u8; TOKEN_SECRET_BYTES],
        terms: TokenTerms,
        now: u64,
    ) -> Result<IssuedToken> {
        let (text, id, hash) = token::compose(secret);
        let expires = now.saturating_add(terms.ttl_seconds);
        self.change(
            "INSERT INTO tokens (id, hash, relay, issued, expires, tries_left) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            values![&id, &hash, terms.relay, now, expires, token::TOKEN_TRIES],
        )?;
        Ok(IssuedToken { text, expires })
    }

    fn enrol(
        &self,
        text: &str,
        host: &str,
        now: u64,
        issue: Issue<'_>,
    ) -> Result<std::result::Result<Enrolment, EnrolRefusal>> {
        let id = match token::id_of(text) {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        // Two connections with one token are judged one after the other.
        self.write(|statements| {
            let grant = match judge_token(statements, id, text, now)? {
                Ok(grant) => grant,
                // A wrong secret has cost a try.
                Err(refusal) => return Ok(Ending::Commit(Err(refusal.into()))),
            };
            // A certificate that has run out is nobody's any more.
            statements.execute(
                "UPDATE enrolments SET revoked = ?2 WHERE host = ?1 AND revoked IS NULL AND expires <= ?2",
                values![host, now],
            )?;
            let taken = statements.exists(
                "SELECT EXISTS (SELECT 1 FROM enrolments WHERE host = ?1 AND revoked IS NULL)",
                values![host],
            )?;
            if taken {
                return Ok(Ending::Leave(Err(EnrolRefusal::HostTaken(host.to_owned()))));
            }
            let enrolment = match issue(grant) {
                Ok(enrolment) => enrolment,
                Err(reason) => return Ok(Ending::Leave(Err(EnrolRefusal::NotIssued(reason)))),
            };
            insert_enrolment(statements, &enrolment)?;
            statements.execute(
                "UPDATE tokens SET used = ?2, used_by = ?3 WHERE id = ?1",
                values![id, now, host],
            )?;
            Ok(Ending::Commit(Ok(enrolment)))
        })
    }

    fn add_enrolment(&self, enrolment: &Enrolment) -> Result<()> {
        self.write(|statements| match insert_enrolment(statements, enrolment) {
            Ok(_) => Ok(Ending::Commit(Ok(()))),
            Err(Failure::Constraint(_)) => Ok(Ending::Leave(Err(Error::HostTaken {
                host: enrolment.host.clone(),
            }))),
            Err(failure) => Err(failure),
        })?
    }

    fn renew_enrolment(
        &self,
        fingerprint: &[u8; 32],
        host: &str,
        now: u64,
        issue: Issue<'_>,
    ) -> Result<std::result::Result<Enrolment, RenewalRefusal>> {
        self.write(|statements| renewal::renew(statements, fingerprint, host, now, issue))
    }

    fn use_enrolment(&self, fingerprint: &[u8; 32], now: u64) -> Result<Option<Enrolment>> {
        let shown = self.read(|statements| renewal::shown(statements, fingerprint))?;
        // Mostly there is nothing to close; a statement that might write would wait for other writers even so.
        if let Some((enrolment, true)) = &shown {
            self.write(|statements| {
                renewal::close_older(statements, &enrolment.host, fingerprint, now)
            })?;
        }
        Ok(shown.map(|(enrolment, _)| enrolment))
    }

    fn replace_identity(
        &self,
        current: &[u8],
        certificate: &[u8],
        private_key: &SecretBytes,
        now: u64,
    ) -> Result<bool> {
        self.write(|statements| {
            renewal::replace_identity(statements, current, certificate, private_key, now)
        })
    }

    fn enrolments(&self) -> Result<Vec<Enrolment>> {
        let sql = format!("SELECT {ENROLMENT_COLUMNS} FROM enrolments ORDER BY issued, serial");
        self.rows(&sql, &[], enrolment_from)
    }

    fn sizes(&self, now: u64) -> Result<Sizes> {
        let number = |sql: &str, values: &[Value]| {
            let found = self.rows(sql, values, |row| row.natural(0))?.pop();
            Ok::<_, Error>(found.unwrap_or_default())
        };
        let hosts =
            "SELECT count(DISTINCT host) FROM enrolments WHERE revoked IS NULL AND expires > ?1";
        Ok(Sizes {
            hosts: number(hosts, values![now])?,
            bytes: number(E::SIZE, &[])?,
        })
    }

    fn enrolment_by_fingerprint(&self, fingerprint: &[u8; 32]) -> Result<Option<Enrolment>> {
        enrolment_where(self, "fingerprint = ?1", values![fingerprint])
    }

    fn living_enrolment(&self, host: &str) -> Result<Option<Enrolment>> {
        let clause = "host = ?1 AND revoked IS NULL AND superseded IS NULL";
        enrolment_where(self, clause, values![host])
    }

    fn revoke(&self, host: &str, now: u64) -> Result<bool> {
        self.change(
            "UPDATE enrolments SET revoked = ?2 WHERE host = ?1 AND revoked IS NULL",
            values![host, now],
        )
        .map(|changed| changed > 0)
    }

    fn revoked_since(&self, since: u64) -> Result<Vec<String>> {
        self.rows(
            "SELECT DISTINCT host FROM enrolments WHERE revoked >= ?1 AND NOT EXISTS \
             (SELECT 1 FROM enrolments other WHERE other.host = enrolments.host AND other.revoked IS NULL) ORDER BY host",
            values![since],
            |row| row.text(0),
        )
    }

    fn add_failed_try(&self, failed: &FailedTry) -> Result<()> {
        self.write(|statements| {
            statements.execute(
                "INSERT INTO failed_tries (at, peer, reason) VALUES (?1, ?2, ?3)",
                values![failed.at, &failed.peer, &failed.reason],
            )?;
            statements.execute(
                "DELETE FROM failed_tries WHERE number <= (SELECT max(number) FROM failed_tries) - ?1",
                values![FAILED_TRIES_KEPT],
            )?;
            Ok(Ending::Commit(()))
        })
    }

    fn failed_tries(&self) -> Result<Vec<FailedTry>> {
        self.rows(
            "SELECT at, peer, reason FROM failed_tries ORDER BY number",
            &[],
            |row| {
                Ok(FailedTry {
                    at: row.natural(0)?,
                    peer: row.text(1)?,
                    reason: row.text(2)?,
                })
            },
        )
    }

    fn begin_run(&self, now: u64) -> Result<u64> {
        self.write(|statements| {
            let run = statements
                .first("SELECT 1 + coalesce(max(run), 0) FROM ledger_runs", &[])?
                .ok_or_else(|| Failure::row("an answer has no row"))?
                .natural(0)?;
            let sql = "INSERT INTO ledger_runs (run, began) VALUES (?1, ?2)";
            statements.execute(sql, values![run, now])?;
            Ok(Ending::Commit(run))
        })
    }

    fn end_run(&self, run: u64, now: u64) -> Result<()> {
        let sql = "UPDATE ledger_runs SET ended = ?2 WHERE run = ?1";
        self.change(sql, values![run, now]).map(drop)
    }

    fn runs(&self) -> Result<Vec<RunRow>> {
        let sql = "SELECT run, began, ended FROM ledger_runs ORDER BY run";
        self.rows(sql, &[], |row| {
            Ok(RunRow {
                run: row.natural(0)?,
                began: row.natural(1)?,
                ended: row.time(2)?,
            })
        })
    }

    fn play_recording(&self, sha256: &[u8; 32], now: u64) -> Result<bool> {
        self.change(
            "INSERT INTO recordings (sha256, first_played) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            values![sha256, now],
        )
        .map(|inserted| inserted == 0)
    }

    fn save_ledger(&self, run: u64, rows: &LedgerRows) -> Result<()> {
        self.write(|statements| ledger::save(statements, run, rows).map(Ending::Commit))
    }

    fn ledger(&self, run: u64) -> Result<LedgerRows> {
        self.read(|statements| ledger::load(statements, run))
    }

    fn hold_lane(&self, held: &HeldLane) -> Result<()> {
        held::hold(self, held)
    }

    fn held_lanes(&self, card: &str) -> Result<Vec<HeldLane>> {
        held::lanes(self, card)
    }

    fn release_lane(&self, card: &str, lane: u8) -> Result<bool> {
        held::release(self, card, lane)
    }
}
