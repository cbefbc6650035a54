//! [`VaultRows`] in SQL, for each database.

use std::path::Path;

use photonbox_secret::SecretBytes;

use super::audit_check::of_entry;
use super::{
    AgentRow, ApplianceRow, AuditEntry, AuditEvent, AuditHead, ItemRow, NoteRow, RequestRow,
    SetRow, VaultRows,
};
use crate::engine::{Failure, Statements};
use crate::root::{Place, RootKey};
use crate::value::{self, Value};
use crate::{Error, Result};

const SETS: &str = "name, scheme, protocol, appliances_keep_shares, generation, private_key, public_key, owner, created";
const APPLIANCES: &str = "set_name, generation, appliance, state, concealment, private_key, public_key, hpke_key, vouched_by, created, revoked";
const ITEMS: &str = "set_name, item, generation, share_generation, appliance, share, wrapped, user_blinded, created";
const NOTES: &str = "set_name, appliance, id, sender, kind, generation, body, created";
const AUDIT: &str = "number, at, hub, actor, action, subject, detail, previous, hash";

/// A transaction's database, and what opens its secrets.
pub(super) struct Queries<'a> {
    pub(super) statements: &'a mut dyn Statements,
    pub(super) root: Option<&'a RootKey>,
    pub(super) place: &'a Path,
}

/// A row that is read from left to right.
struct Row<'a> {
    row: value::Row,
    next: usize,
    place: &'a Path,
}

impl Row<'_> {
    fn take<T>(
        &mut self,
        read: impl FnOnce(&value::Row, usize) -> Result<T, Failure>,
    ) -> Result<T> {
        let at = self.next;
        self.next += 1;
        read(&self.row, at).map_err(|failure| failure.at(self.place))
    }

    fn optional<T>(
        &mut self,
        read: impl FnOnce(&value::Row, usize) -> Result<T, Failure>,
    ) -> Result<Option<T>> {
        self.take(|row, at| match row.is_null(at)? {
            true => Ok(None),
            false => read(row, at).map(Some),
        })
    }

    fn text(&mut self) -> Result<String> {
        self.take(value::Row::text)
    }

    fn optional_text(&mut self) -> Result<Option<String>> {
        self.optional(value::Row::text)
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        self.take(|row, at| row.bytes(at).map(<[u8]>::to_vec))
    }

    fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        self.optional(|row, at| row.bytes(at).map(<[u8]>::to_vec))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(value::Row::array)
    }

    fn natural(&mut self) -> Result<u64> {
        self.take(value::Row::natural)
    }

    fn optional_natural(&mut self) -> Result<Option<u64>> {
        self.take(value::Row::time)
    }

    fn flag(&mut self) -> Result<bool> {
        self.take(value::Row::flag)
    }
}

impl<'a> Queries<'a> {
    fn root(&self) -> Result<&RootKey> {
        self.root.ok_or(Error::SecretsLocked)
    }

    fn seal(&self, place: &Place<'_>, secret: Option<&SecretBytes>) -> Result<Value> {
        match secret {
            None => Ok(Value::Null),
            Some(secret) => Ok(Value::bytes(&self.root()?.seal(place, secret)?)),
        }
    }

    fn open(&self, place: &Place<'_>, sealed: Option<Vec<u8>>) -> Result<Option<SecretBytes>> {
        match sealed {
            None => Ok(None),
            Some(sealed) => Ok(Some(self.root()?.open(place, &sealed)?)),
        }
    }

    /// All rows, each read by `read`.
    fn rows<T>(
        &mut self,
        sql: &str,
        parameters: &[Value],
        mut read: impl FnMut(&mut Self, Row<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.statements.query(sql, parameters);
        let rows = rows.map_err(|failure| failure.at(self.place))?;
        rows.into_iter()
            .map(|row| {
                let (next, place) = (0, self.place);
                read(self, Row { row, next, place })
            })
            .collect()
    }

    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let changed = self.statements.execute(sql, parameters);
        changed.map_err(|failure| failure.at(self.place))
    }

    fn read_set(&mut self, mut row: Row<'a>) -> Result<SetRow> {
        let set = row.text()?;
        let (scheme, protocol) = (row.text()?, row.text()?);
        let (appliances_keep_shares, generation) = (row.flag()?, row.natural()?);
        let (sealed, public_key) = (row.optional_bytes()?, row.optional_bytes()?);
        let (owner, created) = (row.text()?, row.natural()?);
        let private_key = self.open(&of_set(&[&set]), sealed)?;
        let sql = "SELECT host, address FROM vault_agents WHERE set_name = ?1 ORDER BY position";
        let agents = self.rows(sql, &[set.as_str().into()], |_, mut row| {
            Ok(AgentRow {
                host: row.text()?,
                address: row.text()?,
            })
        })?;
        Ok(SetRow {
            set,
            scheme,
            protocol,
            appliances_keep_shares,
            generation,
            private_key,
            public_key,
            agents,
            owner,
            created,
        })
    }

    fn read_appliance(&mut self, mut row: Row<'a>) -> Result<ApplianceRow> {
        let (set, generation) = (row.text()?, row.natural()?);
        let (appliance, state) = (row.text()?, row.text()?);
        let (concealment, private_key) = (row.optional_bytes()?, row.optional_bytes()?);
        let (public_key, hpke_key) = (row.optional_bytes()?, row.bytes()?);
        let (vouched_by, created) = (row.optional_text()?, row.natural()?);
        let revoked = row.optional_natural()?;
        let number = generation.to_string();
        let key = [set.as_str(), &number, &appliance];
        let concealment = self.open(&of_appliance("concealment", &key), concealment)?;
        let private_key = self.open(&of_appliance("private_key", &key), private_key)?;
        Ok(ApplianceRow {
            concealment,
            private_key,
            set,
            generation,
            appliance,
            state,
            public_key,
            hpke_key,
            vouched_by,
            created,
            revoked,
        })
    }

    fn read_item(&mut self, mut row: Row<'a>) -> Result<ItemRow> {
        Ok(ItemRow {
            set: row.text()?,
            item: row.text()?,
            generation: row.natural()?,
            share_generation: row.natural()?,
            appliance: row.text()?,
            share: row.optional_bytes()?,
            wrapped: row.optional_bytes()?,
            user_blinded: row.flag()?,
            created: row.natural()?,
        })
    }

    fn read_entry(&mut self, mut row: Row<'a>) -> Result<AuditEntry> {
        let number = row.natural()?;
        Self::rest_of_entry(number, row).map_err(|error| of_entry(number, error))
    }

    fn rest_of_entry(number: u64, mut row: Row<'a>) -> Result<AuditEntry> {
        Ok(AuditEntry {
            number,
            event: AuditEvent {
                at: row.natural()?,
                hub: row.text()?,
                actor: row.text()?,
                action: row.text()?,
                subject: row.text()?,
                detail: row.text()?,
            },
            previous: row.array()?,
            hash: row.array()?,
        })
    }
}

fn of_set<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place {
        table: "vault_sets",
        column: "private_key",
        row,
    }
}

fn of_appliance<'a>(column: &'a str, row: &'a [&'a str]) -> Place<'a> {
    Place {
        table: "vault_appliances",
        column,
        row,
    }
}

fn of_secret<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place {
        table: "vault_secrets",
        column: "secret",
        row,
    }
}

impl<'a> VaultRows for Queries<'a> {
    fn set(&mut self, set: &str) -> Result<Option<SetRow>> {
        let sql = format!("SELECT {SETS} FROM vault_sets WHERE name = ?1");
        let found = self.rows(&sql, &[set.into()], Self::read_set)?;
        Ok(found.into_iter().next())
    }

    fn add_set(&mut self, set: &SetRow) -> Result<bool> {
        let private_key = self.seal(&of_set(&[&set.set]), set.private_key.as_ref())?;
        let sql = format!(
            "INSERT INTO vault_sets ({SETS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"
        );
        let added = self.execute(
            &sql,
            &[
                set.set.as_str().into(),
                set.scheme.as_str().into(),
                set.protocol.as_str().into(),
                set.appliances_keep_shares.into(),
                set.generation.into(),
                private_key,
                set.public_key.as_deref().into(),
                set.owner.as_str().into(),
                set.created.into(),
            ],
        )?;
        if added == 0 {
            return Ok(false);
        }
        for (position, agent) in set.agents.iter().enumerate() {
            let sql = "INSERT INTO vault_agents (set_name, position, host, address) VALUES (?1, ?2, ?3, ?4)";
            self.execute(
                sql,
                &[
                    set.set.as_str().into(),
                    (position as u64).into(),
                    agent.host.as_str().into(),
                    agent.address.as_str().into(),
                ],
            )?;
        }
        Ok(true)
    }

    fn set_generation(&mut self, set: &str, generation: u64) -> Result<()> {
        let sql = "UPDATE vault_sets SET generation = ?2 WHERE name = ?1";
        self.execute(sql, &[set.into(), generation.into()])?;
        Ok(())
    }

    fn sets_of(&mut self, appliance: &str, after: Option<&str>, limit: u32) -> Result<Vec<SetRow>> {
        let sql = format!(
            "SELECT {SETS} FROM vault_sets WHERE name > ?2 AND name IN \
             (SELECT set_name FROM vault_appliances WHERE appliance = ?1) ORDER BY name LIMIT ?3"
        );
        // No name is empty.
        let after = after.unwrap_or_default();
        let parameters = [appliance.into(), after.into(), u64::from(limit).into()];
        self.rows(&sql, &parameters, Self::read_set)
    }

    fn appliance(
        &mut self,
        set: &str,
        generation: u64,
        appliance: &str,
    ) -> Result<Option<ApplianceRow>> {
        let sql = format!(
            "SELECT {APPLIANCES} FROM vault_appliances WHERE set_name = ?1 AND generation = ?2 AND appliance = ?3"
        );
        let parameters = [set.into(), generation.into(), appliance.into()];
        let found = self.rows(&sql, &parameters, Self::read_appliance)?;
        Ok(found.into_iter().next())
    }

    fn put_appliance(&mut self, row: &ApplianceRow) -> Result<()> {
        let number = row.generation.to_string();
        let key = [row.set.as_str(), &number, &row.appliance];
        let concealment =
            self.seal(&of_appliance("concealment", &key), row.concealment.as_ref())?;
        let private_key =
            self.seal(&of_appliance("private_key", &key), row.private_key.as_ref())?;
        let sql = format!(
            "INSERT INTO vault_appliances ({APPLIANCES}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT (set_name, generation, appliance) DO UPDATE SET \
             state = excluded.state, concealment = excluded.concealment, private_key = excluded.private_key, \
             public_key = excluded.public_key, hpke_key = excluded.hpke_key, vouched_by = excluded.vouched_by, \
             created = excluded.created, revoked = excluded.revoked"
        );
        self.execute(
            &sql,
            &[
                row.set.as_str().into(),
                row.generation.into(),
                row.appliance.as_str().into(),
                row.state.as_str().into(),
                concealment,
                private_key,
                row.public_key.as_deref().into(),
                row.hpke_key.as_slice().into(),
                row.vouched_by.as_deref().into(),
                row.created.into(),
                row.revoked.into(),
            ],
        )?;
        Ok(())
    }

    fn appliances(
        &mut self,
        set: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ApplianceRow>> {
        let sql = format!(
            "SELECT {APPLIANCES} FROM vault_appliances WHERE set_name = ?1 AND generation = ?2 AND appliance > ?3 \
             ORDER BY appliance LIMIT ?4"
        );
        let parameters = [
            set.into(),
            generation.into(),
            after.unwrap_or_default().into(),
            u64::from(limit).into(),
        ];
        self.rows(&sql, &parameters, Self::read_appliance)
    }

    fn item(&mut self, set: &str, generation: Option<u64>, item: &str) -> Result<Option<ItemRow>> {
        let (which, generation) = match generation {
            Some(generation) => ("generation = ?3", generation),
            None => ("generation >= ?3", 0),
        };
        let sql = format!(
            "SELECT {ITEMS} FROM vault_items WHERE set_name = ?1 AND item = ?2 AND {which} \
             ORDER BY generation DESC LIMIT 1"
        );
        let parameters = [set.into(), item.into(), generation.into()];
        let found = self.rows(&sql, &parameters, Self::read_item)?;
        Ok(found.into_iter().next())
    }

    fn add_item(&mut self, row: &ItemRow) -> Result<bool> {
        let sql = format!(
            "INSERT INTO vault_items ({ITEMS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"
        );
        let added = self.execute(
            &sql,
            &[
                row.set.as_str().into(),
                row.item.as_str().into(),
                row.generation.into(),
                row.share_generation.into(),
                row.appliance.as_str().into(),
                row.share.as_deref().into(),
                row.wrapped.as_deref().into(),
                row.user_blinded.into(),
                row.created.into(),
            ],
        )?;
        Ok(added > 0)
    }

    fn update_item(&mut self, row: &ItemRow) -> Result<()> {
        let sql = "UPDATE vault_items SET share_generation = ?4, share = ?5, wrapped = ?6 \
                   WHERE set_name = ?1 AND item = ?2 AND generation = ?3";
        let changed = self.execute(
            sql,
            &[
                row.set.as_str().into(),
                row.item.as_str().into(),
                row.generation.into(),
                row.share_generation.into(),
                row.share.as_deref().into(),
                row.wrapped.as_deref().into(),
            ],
        )?;
        if changed == 1 {
            return Ok(());
        }
        Err(Failure::row("an item went away while it was changed").at(self.place))
    }

    fn delete_item(&mut self, set: &str, generation: u64, item: &str) -> Result<bool> {
        let sql = "DELETE FROM vault_items WHERE set_name = ?1 AND item = ?2 AND generation = ?3";
        let parameters = [set.into(), item.into(), generation.into()];
        Ok(self.execute(sql, &parameters)? > 0)
    }

    fn items(&mut self, set: &str, after: Option<(&str, u64)>, limit: u32) -> Result<Vec<ItemRow>> {
        let sql = format!(
            "SELECT {ITEMS} FROM vault_items WHERE set_name = ?1 AND (item, generation) > (?2, ?3) \
             ORDER BY item, generation LIMIT ?4"
        );
        let (item, generation) = after.unwrap_or_default();
        let parameters = [
            set.into(),
            item.into(),
            generation.into(),
            u64::from(limit).into(),
        ];
        self.rows(&sql, &parameters, Self::read_item)
    }

    fn request(&mut self, appliance: &str, key: &str) -> Result<Option<RequestRow>> {
        let sql = "SELECT appliance, request_key, digest, status, body, created FROM vault_requests \
                   WHERE appliance = ?1 AND request_key = ?2";
        let read = |_: &mut Self, mut row: Row<'a>| {
            Ok(RequestRow {
                appliance: row.text()?,
                key: row.text()?,
                digest: row.array()?,
                status: row.natural()? as u16,
                body: row.bytes()?,
                created: row.natural()?,
            })
        };
        let parameters = [appliance.into(), key.into()];
        let found = self.rows(sql, &parameters, read)?;
        Ok(found.into_iter().next())
    }

    fn add_request(&mut self, row: &RequestRow) -> Result<()> {
        let sql = "INSERT INTO vault_requests (appliance, request_key, digest, status, body, created) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.execute(
            sql,
            &[
                row.appliance.as_str().into(),
                row.key.as_str().into(),
                row.digest.as_slice().into(),
                u64::from(row.status).into(),
                row.body.as_slice().into(),
                row.created.into(),
            ],
        )?;
        Ok(())
    }

    fn forget_requests(&mut self, before: u64, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM vault_requests WHERE (appliance, request_key) IN \
                   (SELECT appliance, request_key FROM vault_requests WHERE created < ?1 ORDER BY created LIMIT ?2)";
        self.execute(sql, &[before.into(), u64::from(limit).into()])
    }

    fn add_note(&mut self, row: &NoteRow) -> Result<()> {
        let sql =
            format!("INSERT INTO vault_notes ({NOTES}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        self.execute(
            &sql,
            &[
                row.set.as_str().into(),
                row.appliance.as_str().into(),
                row.id.as_str().into(),
                row.from.as_str().into(),
                row.kind.as_str().into(),
                row.generation.into(),
                row.body.as_slice().into(),
                row.created.into(),
            ],
        )?;
        Ok(())
    }

    fn notes(&mut self, set: &str, appliance: &str) -> Result<Vec<NoteRow>> {
        let sql = format!(
            "SELECT {NOTES} FROM vault_notes WHERE set_name = ?1 AND appliance = ?2 ORDER BY generation, created, id"
        );
        let parameters = [set.into(), appliance.into()];
        self.rows(&sql, &parameters, |_, mut row| {
            Ok(NoteRow {
                set: row.text()?,
                appliance: row.text()?,
                id: row.text()?,
                from: row.text()?,
                kind: row.text()?,
                generation: row.natural()?,
                body: row.bytes()?,
                created: row.natural()?,
            })
        })
    }

    fn delete_note(&mut self, set: &str, appliance: &str, id: &str) -> Result<bool> {
        let sql = "DELETE FROM vault_notes WHERE set_name = ?1 AND appliance = ?2 AND id = ?3";
        let parameters = [set.into(), appliance.into(), id.into()];
        Ok(self.execute(sql, &parameters)? > 0)
    }

    fn spend(&mut self, set: &str, nonce: &[u8], expires: u64) -> Result<bool> {
        let sql = "INSERT INTO vault_spent (set_name, nonce, expires) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let parameters = [set.into(), nonce.into(), expires.into()];
        Ok(self.execute(sql, &parameters)? > 0)
    }

    fn secret(&mut self, name: &str) -> Result<Option<SecretBytes>> {
        let sql = "SELECT secret FROM vault_secrets WHERE name = ?1";
        let read = |_: &mut Self, mut row: Row<'a>| row.bytes();
        let found = self.rows(sql, &[name.into()], read)?;
        self.open(&of_secret(&[name]), found.into_iter().next())
    }

    fn add_secret(&mut self, name: &str, secret: &SecretBytes) -> Result<bool> {
        let sealed = self.seal(&of_secret(&[name]), Some(secret))?;
        let sql = "INSERT INTO vault_secrets (name, secret) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, &[name.into(), sealed])? > 0)
    }

    fn has_secrets(&mut self) -> Result<bool> {
        let sql = "SELECT 1 FROM vault_secrets UNION ALL SELECT 1 FROM vault_appliances \
                   UNION ALL SELECT 1 FROM vault_sets UNION ALL SELECT 1 FROM authority WHERE sealed > 0 LIMIT 1";
        Ok(!self.rows(sql, &[], |_, _| Ok(()))?.is_empty())
    }

    fn audit(&mut self, event: &AuditEvent) -> Result<()> {
        let head = self.audit_head()?;
        let entry = head.follow(event.clone());
        let sql =
            format!("INSERT INTO audit ({AUDIT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        self.execute(
            &sql,
            &[
                entry.number.into(),
                entry.event.at.into(),
                entry.event.hub.as_str().into(),
                entry.event.actor.as_str().into(),
                entry.event.action.as_str().into(),
                entry.event.subject.as_str().into(),
                entry.event.detail.as_str().into(),
                entry.previous.as_slice().into(),
                entry.hash.as_slice().into(),
            ],
        )?;
        let sql = "INSERT INTO audit_head (only_row, number, hash) VALUES (1, ?1, ?2) \
                   ON CONFLICT (only_row) DO UPDATE SET number = excluded.number, hash = excluded.hash";
        self.execute(sql, &[entry.number.into(), entry.hash.as_slice().into()])?;
        Ok(())
    }

    fn audit_head(&mut self) -> Result<AuditHead> {
        let sql = "SELECT number, hash FROM audit_head";
        let found = self.rows(sql, &[], |_, mut row| {
            Ok(AuditHead {
                number: row.natural()?,
                hash: row.array()?,
            })
        })?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    fn audit_entries(&mut self, after: u64, limit: u32) -> Result<Vec<AuditEntry>> {
        let sql = format!("SELECT {AUDIT} FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2");
        let parameters = [after.into(), u64::from(limit).into()];
        self.rows(&sql, &parameters, Self::read_entry)
    }
}
