//! Full-entropy blocks that wait to be given out, oldest first, each byte once.

use std::collections::VecDeque;

use photonbox_secret::SecretArray;

use crate::conditioner::BLOCK_BYTES;
use crate::ledger::SourceId;
use crate::provenance::Provenance;

/// One block, perhaps partly given out.
#[derive(Debug)]
pub(super) struct Ready {
    block: SecretArray<BLOCK_BYTES>,
    used: usize,
    pub(super) source: SourceId,
    pub(super) lanes: u64,
    provenance: Provenance,
}

/// A piece of one block that went out or was discarded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) bytes: usize,
    pub(super) source: SourceId,
    pub(super) lanes: u64,
    pub(super) provenance: Provenance,
}

impl Ready {
    pub(super) fn new(
        block: SecretArray<BLOCK_BYTES>,
        source: SourceId,
        lanes: u64,
        provenance: Provenance,
    ) -> Self {
        Self {
            block,
            used: 0,
            source,
            lanes,
            provenance,
        }
    }

    fn piece(&self, bytes: usize) -> Piece {
        Piece {
            bytes,
            source: self.source,
            lanes: self.lanes,
            provenance: self.provenance,
        }
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct ReadyQueue {
    blocks: VecDeque<Ready>,
    bytes: usize,
}

impl ReadyQueue {
    pub(super) fn push(&mut self, block: Ready) {
        self.bytes += BLOCK_BYTES - block.used;
        self.blocks.push_back(block);
    }

    /// Blocks in the queue.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Full-entropy bits in the queue.
    pub(super) fn bits(&self) -> u64 {
        8 * self.bytes as u64
    }

    /// Labels of all blocks together.
    pub(super) fn provenance(&self) -> Provenance {
        self.blocks.iter().fold(Provenance::REAL, |labels, block| {
            labels.merge(block.provenance)
        })
    }

    /// Moves bytes of the oldest block to the front of `out`, as many as fit; they are wiped here.
    pub(super) fn pop_into(&mut self, out: &mut [u8]) -> Option<Piece> {
        let block = self.blocks.front_mut()?;
        let from = &mut block.block.as_mut_array()[block.used..];
        let bytes = from.len().min(out.len());
        let from = &mut from[..bytes];
        out[..bytes].copy_from_slice(from);
        photonbox_secret::wipe(from);
        block.used += bytes;
        self.bytes -= bytes;
        let piece = block.piece(bytes);
        if block.used == BLOCK_BYTES {
            self.blocks.pop_front();
        }
        Some(piece)
    }

    /// Removes the blocks that `unwanted` names; returns what was left of each.
    pub(super) fn discard(&mut self, unwanted: impl Fn(&Ready) -> bool) -> Vec<Piece> {
        let mut discarded = Vec::new();
        self.blocks.retain(|block| {
            let keep = !unwanted(block);
            if !keep {
                discarded.push(block.piece(BLOCK_BYTES - block.used));
            }
            keep
        });
        self.bytes -= discarded.iter().map(|piece| piece.bytes).sum::<usize>();
        discarded
    }
}
