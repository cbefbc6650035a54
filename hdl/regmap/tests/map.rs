//! What must hold of the map, whatever it contains.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_regmap::{
    Access, BAR_BYTES, BLOCKS, Completion, Flags, MAGIC, MODEL_BUILD_HASH, Phase, RawRecord,
    abi_text, extractor, find, global, keybox, lane, layout, ring,
};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

#[test]
fn registers_are_aligned_ordered_and_inside_their_block() {
    for block in &BLOCKS {
        assert_eq!(block.base % 4, 0);
        assert_eq!(block.stride % 4, 0);
        assert!(block.count >= 1);
        for register in block.registers {
            assert_eq!(register.offset % 4, 0, "{}", register.name);
            assert!(register.offset + 4 <= block.stride, "{}", register.name);
        }
        for pair in block.registers.windows(2) {
            assert!(
                pair[0].offset < pair[1].offset,
                "{} {}",
                pair[0].name,
                pair[1].name
            );
        }
    }
}

#[test]
fn blocks_do_not_overlap_and_fit_the_bar() {
    for pair in BLOCKS.windows(2) {
        assert!(
            pair[0].base + pair[0].stride * pair[0].count <= pair[1].base,
            "{}",
            pair[1].name
        );
    }
    let last = BLOCKS.last().unwrap();
    assert!(last.base + last.stride * last.count <= BAR_BYTES);
}

#[test]
fn names_are_unique_and_documented() {
    let mut blocks = HashSet::new();
    for block in &BLOCKS {
        assert!(blocks.insert(block.name));
        assert!(block.doc.ends_with('.'));
        let mut names = HashSet::new();
        for register in block.registers {
            assert!(names.insert(register.name), "{}", register.name);
            assert!(
                register.doc.len() > 5 && register.doc.ends_with('.'),
                "{}",
                register.name
            );
            assert!(!register.doc.starts_with(' '), "{}", register.name);
            let mut fields = HashSet::new();
            for field in register.fields {
                assert!(
                    fields.insert(field.name),
                    "{}.{}",
                    register.name,
                    field.name
                );
                assert!(field.doc.ends_with('.'), "{}.{}", register.name, field.name);
            }
        }
    }
}

#[test]
fn fields_fit_and_do_not_overlap() {
    let words = BLOCKS
        .iter()
        .flat_map(|block| {
            block
                .registers
                .iter()
                .map(|register| (register.name, register.fields))
        })
        .chain(
            layout::COMPLETION_WORDS
                .iter()
                .map(|word| (word.name, word.fields)),
        );
    for (name, fields) in words {
        let mut taken = 0_u32;
        for field in fields {
            assert!(
                field.width >= 1 && field.lsb + field.width <= 32,
                "{name}.{}",
                field.name
            );
            assert_eq!(taken & field.mask(), 0, "{name}.{}", field.name);
            assert_eq!(
                field.mask().count_ones(),
                field.width,
                "{name}.{}",
                field.name
            );
            taken |= field.mask();
        }
    }
    let raw = layout::RAW_RECORD_FIELDS;
    assert_eq!(
        raw.iter().fold(0, |mask, field| mask ^ field.mask64()),
        u64::MAX
    );
    assert_eq!(raw.iter().map(|field| field.width).sum::<u32>(), 64);
}

#[test]
fn reset_values_fit_their_fields_and_write_only_registers_reset_to_zero() {
    for register in BLOCKS.iter().flat_map(|block| block.registers) {
        assert_eq!(register.reset & !register.bits(), 0, "{}", register.name);
        if register.access == Access::Wo {
            assert_eq!(register.reset, 0, "{}", register.name);
        }
    }
}

#[test]
fn secrets_cannot_be_read() {
    let seed = find(extractor::BASE + extractor::SEED_DATA).unwrap();
    assert_eq!(seed.register.name, "SEED_DATA");
    assert!(!seed.register.access.readable());
    for word in 0..keybox::X0_WORDS {
        let x = find(keybox::BASE + keybox::X0_0 + 4 * word).unwrap();
        assert_eq!(x.register.name, format!("X0_{word}"));
        assert!(!x.register.access.readable());
    }
}

#[test]
fn every_register_is_found_at_its_offset_and_nothing_elsewhere() {
    let mut known = HashSet::new();
    for block in &BLOCKS {
        for instance in 0..block.count {
            for register in block.registers {
                let offset = block.base + instance * block.stride + register.offset;
                let found = find(offset).unwrap();
                assert_eq!(
                    (found.block.name, found.instance, found.register.name),
                    (block.name, instance, register.name)
                );
                assert!(known.insert(offset));
            }
        }
    }
    for offset in 0..BAR_BYTES + 64 {
        assert_eq!(
            find(offset).is_some(),
            known.contains(&offset),
            "{offset:#x}"
        );
    }
    assert!(find(u32::MAX).is_none());
}

#[test]
fn the_interrupt_bits_are_the_ring_numbers() {
    for (field, number) in [
        (global::INT_ENTROPY, ring::ENTROPY),
        (global::INT_RAW, ring::RAW),
        (global::INT_KEYBOX, ring::KEYBOX),
    ] {
        assert_eq!(field.lsb, number);
        assert!(number < u32::from(global::EVENT_VECTOR));
    }
    assert_eq!(global::EVENT_VECTOR + 1, global::VECTORS);
}

#[test]
fn magic_is_phbx_in_memory_order() {
    assert_eq!(&MAGIC.to_le_bytes(), b"PHBX");
    assert_eq!(find(global::MAGIC).unwrap().register.reset, MAGIC);
    assert_eq!(global::build_hash(7), global::BUILD_HASH7);
}

#[test]
fn the_model_build_hash_is_fresh() {
    let mut text = String::new();
    abi_text(&mut text).unwrap();
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    assert_eq!(
        hash,
        MODEL_BUILD_HASH,
        "the map changed: set MODEL_BUILD_HASH to {}",
        hash.iter()
            .map(|byte| format!("0x{byte:02x}, "))
            .collect::<String>()
    );
}

#[test]
fn a_completion_survives_the_trip_and_has_its_phase_last() {
    let completion = Completion {
        slot: 0x1234,
        blocks: 85,
        bytes: 4080,
        ring: ring::RAW,
        flags: Flags {
            not_creditable: true,
            replayed: true,
            gap: true,
            ..Flags::default()
        },
        seed_epoch: 0xbeef,
        lanes: 0x8000_0000_0000_0005,
        raw_bits: 87_040,
        sequence: 0xdead_beef,
        generation: 0x7fff_fff1,
        phase: Phase(true),
    };
    let bytes = completion.to_bytes();
    assert_eq!(bytes[0..4], [0x34, 0x12, 85, 0]);
    assert_eq!(bytes[8..12], [0b1010_0101, 0, 0xef, 0xbe]);
    assert_eq!(bytes[12], 5);
    assert_eq!(bytes[28..32], [0xf1, 0xff, 0xff, 0xff]);
    assert_eq!(Completion::from_bytes(&bytes), completion);
    let other = Completion {
        phase: Phase(false),
        ..completion
    };
    assert_eq!(other.to_bytes()[31], 0x7f);
    for flags in [
        Flags {
            not_creditable: true,
            ..Flags::default()
        },
        Flags {
            test: true,
            ..Flags::default()
        },
        Flags {
            simulated: true,
            ..Flags::default()
        },
        Flags {
            replayed: true,
            ..Flags::default()
        },
        Flags {
            error: true,
            ..Flags::default()
        },
        Flags {
            gap: true,
            ..Flags::default()
        },
    ] {
        let one = Completion {
            flags,
            ..completion
        };
        assert_eq!(Completion::from_words(&one.to_words()).flags, flags);
    }
}

#[test]
fn phase_turns_at_each_pass() {
    assert!(Phase::of(0, 8).0 && Phase::of(7, 8).0);
    assert!(!Phase::of(8, 8).0 && !Phase::of(15, 8).0);
    assert!(Phase::of(16, 8).0);
    // The count wraps at 2^32, which is a multiple of twice any ring's size.
    assert!(!Phase::of(u32::MAX, 32_768).0 && Phase::of(0, 32_768).0);
}

#[test]
fn a_raw_record_survives_the_trip() {
    let record = RawRecord {
        timestamp: 0x00ab_cdef_0123_4567,
        lane: 63,
        gap: false,
        bit: true,
    };
    let bytes = record.to_bytes();
    assert_eq!(bytes[7], 0xbf);
    assert_eq!(RawRecord::from_bytes(bytes), record);
    let record = RawRecord {
        timestamp: 1,
        lane: 2,
        gap: true,
        bit: false,
    };
    assert_eq!(record.to_bytes(), [1, 0, 0, 0, 0, 0, 0, 0x42]);
    assert_eq!(RawRecord::from_bytes(record.to_bytes()), record);
}

#[test]
fn lanes_and_rings_lie_where_their_functions_say() {
    assert_eq!(lane::base(3), 0x1180);
    assert_eq!(ring::base(2), 0x4100);
    assert_eq!(extractor::seed_words(1024, 384), 44);
    assert_eq!(extractor::seed_words(1024, 385), 44);
    assert_eq!(extractor::seed_words(1024, 386), 45);
}
