//! What a gateway must not forget: each peer's record, and which IP key was used for whom.
//!
//! A record is stored before what it allows is done, in the middle of traffic, so storing it is one write and one flush:
//! two slots of a file that never grows, written in turn, each with a number and a hash. A slot that was being written when
//! the power went is bad, and the other one is what was true before. What was stored is never older than what was done.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use photonbox_keybox::peer::{RECORD_LEN, Record, Store, StoreError, fingerprint};
use photonbox_keybox::{IpKey, Parameters};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::options::Role;
use crate::{Error, Result};

/// Bytes of a slot: what disks and file systems write as one, or more.
const SLOT: usize = 4096;
const MAGIC: [u8; 8] = *b"pbrecord";
const HEAD: usize = MAGIC.len() + 8 + 4;
const HASH: usize = 32;
/// The longest record.
const ROOM: usize = SLOT - HEAD - HASH;

/// A file of two slots.
#[derive(Debug)]
struct Slots {
    file: File,
    /// Number of the newest slot.
    number: u64,
}

impl Slots {
    /// Opens or makes the file; gives what was stored last, none in a new one.
    fn open(path: &Path) -> Result<(Self, Option<Vec<u8>>)> {
        let fail = |error| failed("cannot open the record", path, &error);
        let open = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path);
        let file = open.map_err(fail)?;
        let mut slots = [0; 2 * SLOT];
        let length = file.metadata().map_err(fail)?.len();
        if length < slots.len() as u64 {
            // New, or the program died while it was made: nothing was done by it yet. Written rather than set in length,
            // so that a later write needs no new blocks, and the folder flushed, so that the file itself stays.
            file.write_all_at(&slots, 0).map_err(fail)?;
            file.sync_all().map_err(fail)?;
            sync_folder(path).map_err(fail)?;
        } else {
            file.read_exact_at(&mut slots, 0).map_err(fail)?;
        }
        let (slots_read, _) = slots.as_chunks::<SLOT>();
        let newest = slots_read
            .iter()
            .filter_map(read_slot)
            .max_by_key(|slot| slot.0);
        let blank = slots.iter().all(|byte| *byte == 0);
        match newest {
            Some((number, stored)) => Ok((Self { file, number }, Some(stored.to_vec()))),
            None if blank => Ok((Self { file, number: 0 }, None)),
            None => Err(damaged(path)),
        }
    }

    /// Stores; when it returns, a loss of power does not undo it.
    fn store(&mut self, what: &[u8]) -> io::Result<()> {
        if what.len() > ROOM {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let number = self.number + 1;
        let mut slot = [0; SLOT];
        slot[..8].copy_from_slice(&MAGIC);
        slot[8..16].copy_from_slice(&number.to_le_bytes());
        slot[16..HEAD].copy_from_slice(&(what.len() as u32).to_le_bytes());
        slot[HEAD..HEAD + what.len()].copy_from_slice(what);
        let hash = Sha256::digest(&slot[..SLOT - HASH]);
        slot[SLOT - HASH..].copy_from_slice(&hash);
        self.file.write_all_at(&slot, (number % 2) * SLOT as u64)?;
        self.file.sync_data()?;
        self.number = number;
        Ok(())
    }
}

fn read_slot(slot: &[u8; SLOT]) -> Option<(u64, &[u8])> {
    let (body, hash) = slot.split_at(SLOT - HASH);
    let number = u64::from_le_bytes(*slot[8..].first_chunk()?);
    let length = u32::from_le_bytes(*slot[16..].first_chunk()?) as usize;
    let stored = body[HEAD..].get(..length)?;
    (body.starts_with(&MAGIC) && Sha256::digest(body)[..] == *hash).then_some((number, stored))
}

/// Records of a peer that fit into a slot, and how many of them may be IP keys'.
const MOST_RECORDS: usize = ROOM / RECORD_LEN;
const MOST_IP_KEYS: usize = 100;

/// A use of an IP key, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    /// The key's fingerprint, which says nothing else about it.
    orbit: String,
    peer: String,
    role: Role,
    s: u32,
    boxes: u32,
    keys: u32,
}

/// Records of a peer, one an orbit.
#[derive(Debug)]
pub(super) struct PeerRecords {
    slots: Slots,
    records: Vec<Record>,
    /// Orbits of IP keys, which could come again.
    kept: Vec<u64>,
}

impl PeerRecords {
    pub(super) fn records(&self) -> Vec<Record> {
        self.records.clone()
    }
}

impl Store for PeerRecords {
    fn store(&mut self, record: &Record) -> Result<(), StoreError> {
        let mut records = self.records.clone();
        match records.iter_mut().find(|known| known.orbit == record.orbit) {
            Some(known) => *known = *record,
            None => records.push(*record),
        }
        if records.len() > MOST_RECORDS {
            // An orbit of the hub never comes again; the highest SPI is in the newest record.
            let old = records
                .iter()
                .position(|known| !self.kept.contains(&known.orbit));
            records.remove(old.unwrap_or(0));
        }
        let bytes: Vec<u8> = records.iter().flat_map(Record::to_bytes).collect();
        let stored = self.slots.store(&bytes);
        stored.map_err(|error| StoreError(error.to_string()))?;
        self.records = records;
        Ok(())
    }
}

/// The folder of a tunnel's records in the state directory.
#[derive(Debug)]
pub(super) struct Records {
    folder: PathBuf,
}

impl Records {
    /// Opens or makes the folder.
    pub(super) fn open(state: &Path) -> Result<Self> {
        let folder = state.join("tunnel");
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder);
        made.and_then(|()| sync_folder(&folder))
            .map_err(|error| failed("cannot make the folder", &folder, &error))?;
        Ok(Self { folder })
    }

    /// Notes that an IP key is used for a peer; the same use again is what a restart is.
    ///
    /// # Errors
    /// The key was used for something else, or what a peer did before is lost.
    pub(super) fn use_ip_key(
        &self,
        peer: &str,
        role: Role,
        ip_key: &IpKey,
        parameters: Parameters,
    ) -> Result<()> {
        let now = Used {
            orbit: format!("{:016x}", fingerprint(ip_key)),
            peer: peer.to_owned(),
            role,
            s: parameters.s(),
            boxes: parameters.boxes(),
            keys: parameters.keys(),
        };
        let mut all = self.used()?;
        let new_key = "draw a new one for this pair (photonbox keybox new)";
        let of_peer = all.iter().filter(|used| used.peer == peer).count();
        if of_peer > 0 && !self.path(peer).exists() {
            return Err(Error::failed(
                format!(
                    "the record {} of peer `{peer}` is lost",
                    self.path(peer).display()
                ),
                "what was used must not be used again: take another name for the peer and a new IP key on both gateways (photonbox keybox new)",
            ));
        }
        match all.iter().find(|used| used.orbit == now.orbit) {
            Some(used) if *used == now => return Ok(()),
            Some(used) if used.peer != peer => {
                let what = format!(
                    "the IP key of peer `{peer}` was used for peer `{}`",
                    used.peer
                );
                return Err(Error::failed(what, new_key));
            }
            Some(used) => {
                let what = format!(
                    "the IP key of peer `{peer}` was used with role {}, s = {}, boxes = {} and keys = {}",
                    used.role.letter(),
                    used.s,
                    used.boxes,
                    used.keys
                );
                return Err(Error::failed(
                    what,
                    format!("set these again, or {new_key}"),
                ));
            }
            None => {}
        }
        if of_peer >= MOST_IP_KEYS {
            return Err(Error::failed(
                format!("peer `{peer}` has used {of_peer} IP keys, and no more are remembered"),
                "give the peer another name",
            ));
        }
        // The record is there before the key counts as used: otherwise a loss of power between the two would look like a
        // lost record.
        Slots::open(&self.path(peer))?;
        all.push(now);
        self.remember(&all)
    }

    /// What a peer's earlier lives left, and where its next ones are stored.
    pub(super) fn of_peer(&self, peer: &str) -> Result<PeerRecords> {
        let path = self.path(peer);
        let (slots, stored) = Slots::open(&path)?;
        let bytes = stored.unwrap_or_default();
        let records: Result<Vec<_>, _> = bytes.chunks(RECORD_LEN).map(Record::from_bytes).collect();
        let records = records.map_err(|_| damaged(&path))?;
        let used = self.used()?;
        let kept = used.iter().filter(|used| used.peer == peer);
        let kept = kept
            .filter_map(|used| u64::from_str_radix(&used.orbit, 16).ok())
            .collect();
        Ok(PeerRecords {
            slots,
            records,
            kept,
        })
    }

    /// No IP key that a peer has used is used any more: somebody else may go on with it.
    pub(super) fn end(&self, peer: &str) -> Result<()> {
        let mut records = self.of_peer(peer)?;
        for orbit in records.kept.clone() {
            let blank = Record {
                orbit,
                own_spi: 0,
                peer_spi: None,
                lowest: 0,
            };
            let known = records.records.iter().find(|record| record.orbit == orbit);
            let ended = known.map_or(blank, |record| Record {
                lowest: 0,
                ..*record
            });
            records.store(&ended).map_err(|error| {
                Error::failed(
                    format!("peer `{peer}`: {error}"),
                    "do not use this gateway's IP keys any more: give both gateways new ones (photonbox keybox new)",
                )
            })?;
        }
        Ok(())
    }

    fn path(&self, peer: &str) -> PathBuf {
        self.folder.join(format!("{peer}.record"))
    }

    fn uses(&self) -> PathBuf {
        self.folder.join("ip-keys.json")
    }

    fn used(&self) -> Result<Vec<Used>> {
        let path = self.uses();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("cannot read", &path, &error)),
        };
        serde_json::from_slice(&text).map_err(|error| {
            Error::failed(
                format!("{} is damaged: {error}", path.display()),
                "it tells which IP keys were used: put it back from before, or remove the folder and use new IP keys only",
            )
        })
    }

    fn remember(&self, all: &[Used]) -> Result<()> {
        let (path, new) = (self.uses(), self.folder.join("ip-keys.new"));
        let write = || {
            let file = File::options()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)?;
            serde_json::to_writer_pretty(&file, all)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            sync_folder(&path)
        };
        write().map_err(|error: io::Error| failed("cannot write", &path, &error))
    }
}

fn damaged(path: &Path) -> Error {
    Error::failed(
        format!("the record {} is damaged", path.display()),
        "what was used must not be used again: take another name for the peer and a new IP key on both gateways (photonbox keybox new)",
    )
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::failed(
        format!("{what} {}: {error}", path.display()),
        "check that the state directory is on a local disk with room, and yours",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(last: u8) -> IpKey {
        let mut digits = [b'7'; 64];
        digits[63] = last;
        IpKey::parse(&digits).expect("a key")
    }

    #[test]
    fn what_was_stored_last_is_read_and_a_torn_write_takes_nothing_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.record");
        let (mut slots, stored) = Slots::open(&path).expect("new");
        assert_eq!(stored, None);
        for round in 1..=5_u8 {
            slots.store(&[round; 100]).expect("stored");
            let (_, stored) = Slots::open(&path).expect("opened");
            assert_eq!(stored, Some(vec![round; 100]));
        }
        // The next write goes into the slot of round 4; whatever is there of it, round 5 stays.
        let whole = std::fs::read(&path).expect("read");
        for torn in [0, 1, 20, 2000, SLOT - 1] {
            let mut bytes = whole.clone();
            bytes[..torn].fill(0xa5);
            std::fs::write(&path, &bytes).expect("written");
            let (_, stored) = Slots::open(&path).expect("opened");
            assert_eq!(stored, Some(vec![5; 100]), "{torn}");
        }
        assert!(slots.store(&[0; ROOM + 1]).is_err());
    }

    #[test]
    fn a_damaged_record_is_refused_and_an_unfinished_one_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.record");
        std::fs::write(&path, [1; 2 * SLOT]).expect("written");
        let error = Slots::open(&path).expect_err("damaged");
        assert!(error.to_string().contains("is damaged"), "{error}");
        std::fs::write(&path, [0; 100]).expect("written");
        assert_eq!(Slots::open(&path).expect("made anew").1, None);
    }

    #[test]
    fn the_newest_records_stay_and_those_of_ip_keys_always() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = Records::open(folder.path()).expect("records");
        records
            .use_ip_key("b", Role::A, &key(b'1'), Parameters::default())
            .expect("new");
        let orbit = fingerprint(&key(b'1'));
        let record = |orbit, own_spi| Record {
            orbit,
            own_spi,
            peer_spi: None,
            lowest: 1,
        };
        let mut store = records.of_peer("b").expect("opened");
        assert_eq!(store.records(), []);
        store.store(&record(orbit, 300)).expect("stored");
        for number in 0..200 {
            store
                .store(&record(number, 301 + number as u32))
                .expect("stored");
        }
        store.store(&record(199, 900)).expect("stored");
        let left = records.of_peer("b").expect("opened").records();
        assert_eq!(
            (left.len(), left[0], left[MOST_RECORDS - 1]),
            (MOST_RECORDS, record(orbit, 300), record(199, 900))
        );
        assert_eq!(left[1].orbit, 201 - MOST_RECORDS as u64);
    }

    #[test]
    fn what_is_ended_stays_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = Records::open(folder.path()).expect("records");
        for last in [b'1', b'2'] {
            records
                .use_ip_key("b", Role::A, &key(last), Parameters::default())
                .expect("new");
        }
        let orbit = fingerprint(&key(b'1'));
        let used = Record {
            orbit,
            own_spi: 300,
            peer_spi: Some(256),
            lowest: 17,
        };
        records
            .of_peer("b")
            .expect("opened")
            .store(&used)
            .expect("stored");
        records.end("b").expect("ended");
        let left = records.of_peer("b").expect("opened").records();
        assert_eq!(left[0], Record { lowest: 0, ..used });
        assert_eq!(
            (left.len(), left[1].orbit, left[1].lowest),
            (2, fingerprint(&key(b'2')), 0)
        );
    }

    #[test]
    fn an_ip_key_serves_one_pair_as_it_began() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = Records::open(folder.path()).expect("records");
        let parameters = Parameters::default();
        let take =
            |peer, role, key: &IpKey, parameters| records.use_ip_key(peer, role, key, parameters);
        take("b", Role::A, &key(b'1'), parameters).expect("new");
        take("b", Role::A, &key(b'1'), parameters).expect("a restart");
        let refused = |peer, role, parameters| {
            let error = take(peer, role, &key(b'1'), parameters).expect_err("refused");
            format!("{error} / {}", error.help())
        };
        assert!(refused("c", Role::A, parameters).contains("was used for peer `b`"));
        assert!(refused("b", Role::B, parameters).contains("was used with role a"));
        let others = Parameters::new(5, 200, 512).expect("in range");
        assert!(refused("b", Role::A, others).contains("s = 4"));
        take("c", Role::B, &key(b'2'), others).expect("another key");
        take("b", Role::A, &key(b'3'), others).expect("the next key of the same pair");
        // The record is lost, the use is not.
        std::fs::remove_file(folder.path().join("tunnel/b.record")).expect("removed");
        assert!(refused("b", Role::A, parameters).contains("is lost"));
    }
}
