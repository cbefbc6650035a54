//! Small T2 recordings made on the spot.

/// Record type of a HydraHarp 400, second format.
const HYDRAHARP_V2: i64 = 0x0101_0204;
const INT8: u32 = 0x1000_0008;
const FLOAT8: u32 = 0x2000_0008;
const EMPTY8: u32 = 0xFFFF_0008;

fn tag(file: &mut Vec<u8>, name: &str, code: u32, value: [u8; 8]) {
    let mut padded = [0; 32];
    padded[..name.len()].copy_from_slice(name.as_bytes());
    file.extend(padded);
    file.extend((-1_i32).to_le_bytes());
    file.extend(code.to_le_bytes());
    file.extend(value);
}

/// A recording of detections at these times (1 ps resolution, ascending) on channel 0 (A) or 1 (B).
pub(crate) fn t2(detections: impl Iterator<Item = (u64, u8)>) -> Vec<u8> {
    let mut records: Vec<u32> = Vec::new();
    let mut passed = 0_u64;
    for (time, channel) in detections {
        let overflows = (time >> 25) - passed;
        if overflows > 0 {
            let count = u32::try_from(overflows).expect("less than 2^25 overflows");
            records.push(1 << 31 | 63 << 25 | count);
            passed += overflows;
        }
        records.push(u32::from(channel) << 25 | (time & 0x01FF_FFFF) as u32);
    }
    let mut file = b"PQTTTR\0\x001.0.00\0\0".to_vec();
    tag(&mut file, "Measurement_Mode", INT8, 2_i64.to_le_bytes());
    tag(
        &mut file,
        "TTResultFormat_TTTRRecType",
        INT8,
        HYDRAHARP_V2.to_le_bytes(),
    );
    tag(
        &mut file,
        "TTResultFormat_BitsPerRecord",
        INT8,
        32_i64.to_le_bytes(),
    );
    tag(
        &mut file,
        "MeasDesc_GlobalResolution",
        FLOAT8,
        1e-12_f64.to_le_bytes(),
    );
    tag(
        &mut file,
        "TTResult_NumberOfRecords",
        INT8,
        (records.len() as i64).to_le_bytes(),
    );
    tag(&mut file, "Header_End", EMPTY8, [0; 8]);
    file.extend(records.iter().flat_map(|record| record.to_le_bytes()));
    file
}
