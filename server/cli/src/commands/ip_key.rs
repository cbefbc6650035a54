//! Where an IP key comes from: a file, a descriptor, or a person.

use crate::exit::Failure;
use photonbox_keybox::{DIGITS, IpKey};
use photonbox_secret::SecretBytes;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::Path;

/// More than anyone writes between 66 digits.
const LONGEST: usize = 512;

/// Whose key it is, for messages.
pub(crate) fn of_peer(peer: &str) -> String {
    format!(" of peer `{peer}`")
}

/// The two digits behind 64 that find mistakes (ISO 7064, MOD 97-10): the number of all 66 is 1 modulo 97.
pub(crate) fn check_digits(digits: &[u8; DIGITS]) -> [u8; 2] {
    let rest = digits
        .iter()
        .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    let check = (98 - rest * 100 % 97) as u8;
    [b'0' + check / 10, b'0' + check % 10]
}

/// Reads a file, or standard input for `-`: 64 digits, spaces, line ends and dashes between them not counted, and two check
/// digits behind them or not.
pub(crate) fn from_file(of: &str, path: &Path) -> anyhow::Result<IpKey> {
    let name = path.display();
    let fail = |error: std::io::Error| {
        Failure::failed(
            format!("cannot read the IP key{of} from {name}: {error}"),
            "give a readable file, /dev/fd/N, or - for standard input (photonbox keybox new makes one)",
        )
    };
    let text = if path == Path::new("-") {
        whole(&mut std::io::stdin())
    } else {
        File::open(path).and_then(|mut file| whole(&mut file))
    };
    key(of, &text.map_err(fail)?, false)
}

/// Reads what stands on a command line, in the same forms.
pub(crate) fn from_line(of: &str, digits: &str) -> anyhow::Result<IpKey> {
    let text = whole(&mut digits.as_bytes());
    key(of, &text?, false)
}

/// Asks on the terminal, without showing what is typed; the check digits find mistakes.
pub(crate) fn from_person(peer: &str) -> anyhow::Result<IpKey> {
    let no_terminal = |error: std::io::Error| {
        Failure::usage(
            format!("peer `{peer}` has no IP key, and there is no terminal to ask at: {error}"),
            "give --ip-key-file, or ip_key_file in the configuration",
        )
    };
    let mut terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(no_terminal)?;
    let prompt = format!("IP key of peer `{peer}`, 64 digits and its two check digits: ");
    terminal.write_all(prompt.as_bytes()).map_err(no_terminal)?;
    let shown = tcgetattr(&terminal).map_err(|error| no_terminal(error.into()))?;
    let text = {
        let mut hidden = shown.clone();
        hidden.local_modes -= LocalModes::ECHO;
        tcsetattr(&terminal, OptionalActions::Flush, &hidden)
            .map_err(|error| no_terminal(error.into()))?;
        let _restore = Restore(&terminal, shown);
        line(&terminal)
    };
    // The line end was not shown either.
    let _ = terminal.write_all(b"\n");
    key(&of_peer(peer), &text.map_err(no_terminal)?, true)
}

/// Lets the terminal show what is typed again.
struct Restore<'a>(&'a File, Termios);

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no setting.
        let _ = tcsetattr(self.0, OptionalActions::Flush, &self.1);
    }
}

fn whole(from: &mut dyn Read) -> std::io::Result<SecretBytes> {
    let mut text = SecretBytes::new_zeroed(LONGEST);
    let mut length = 0;
    while length < LONGEST {
        match from.read(&mut text.as_mut_slice()[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(text)
}

fn line(mut from: &File) -> std::io::Result<SecretBytes> {
    let mut text = SecretBytes::new_zeroed(LONGEST);
    for at in 0..LONGEST {
        let place = &mut text.as_mut_slice()[at..=at];
        if from.read(place)? == 0 || place == b"\n" {
            break;
        }
    }
    Ok(text)
}

/// The key in a text of [`LONGEST`] bytes that ends with zeros.
fn key(of: &str, text: &SecretBytes, checked: bool) -> anyhow::Result<IpKey> {
    let end = text
        .as_slice()
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(LONGEST);
    let mut digits = SecretBytes::new_zeroed(LONGEST);
    let mut count = 0;
    for byte in &text.as_slice()[..end] {
        if !byte.is_ascii_whitespace() && *byte != b'-' {
            digits.as_mut_slice()[count] = *byte;
            count += 1;
        }
    }
    let digits = &digits.as_slice()[..count];
    let with_check = count == DIGITS + 2 && digits.iter().all(u8::is_ascii_digit);
    if with_check {
        let (own, check) = digits.split_at(DIGITS);
        let right = <&[u8; DIGITS]>::try_from(own).map(check_digits);
        if right.is_ok_and(|right| right != check) {
            return Err(Failure::failed(
                format!("the IP key{of} does not fit its check digits"),
                "compare each group of digits with what was written down: one is wrong, or two are exchanged",
            ));
        }
    } else if checked && count == DIGITS {
        return Err(Failure::failed(
            format!("the IP key{of} came without its two check digits"),
            "type all 66 digits that `photonbox keybox new` printed",
        ));
    }
    let own = if with_check {
        &digits[..DIGITS]
    } else {
        digits
    };
    IpKey::parse(own).map_err(|error| {
        let message = error.to_string();
        let (what, help) = message
            .rsplit_once("; ")
            .unwrap_or((&message, "give exactly 64 decimal digits"));
        Failure::failed(format!("the IP key{of}: {what}"), help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, checked: bool) -> Result<IpKey, String> {
        let text = whole(&mut text.as_bytes()).expect("read");
        key("x", &text, checked).map_err(|error| error.to_string())
    }

    #[test]
    fn digits_are_read_in_groups_and_mistakes_found() {
        let plain = "1234567890".repeat(6) + "1234";
        let check = check_digits(plain.as_bytes().try_into().expect("64"));
        let whole = format!("{plain}{}{}", check[0] as char, check[1] as char);
        // The whole of it, by another way of counting: 16 digits at a time.
        let mut rest = 0;
        for digits in whole.as_bytes().chunks(16) {
            let digits = std::str::from_utf8(digits).expect("digits");
            rest = format!("{rest}{digits}").parse::<u64>().expect("18 digits") % 97;
        }
        assert_eq!(rest, 1);
        let groups: Vec<&str> = (0..66).step_by(6).map(|at| &whole[at..at + 6]).collect();
        for text in [
            plain.clone(),
            format!("{plain}\n"),
            whole.clone(),
            groups.join("-"),
            groups.join(" "),
        ] {
            assert_eq!(
                read(&text, false).expect("a key").digits(),
                plain.as_bytes()
            );
        }
        assert!(read(&whole, true).is_ok());
        assert!(
            read(&plain, true)
                .expect_err("refused")
                .contains("without its two check digits")
        );
        // Every single digit changed, and every two neighbours exchanged.
        for at in 0..66 {
            let mut wrong = whole.clone().into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + 3) % 10;
            let wrong = String::from_utf8(wrong).expect("digits");
            assert!(
                read(&wrong, true)
                    .expect_err("refused")
                    .contains("check digits"),
                "{at}"
            );
        }
        for at in 0..65 {
            let mut wrong = whole.clone().into_bytes();
            wrong.swap(at, at + 1);
            let wrong = String::from_utf8(wrong).expect("digits");
            assert!(wrong == whole || read(&wrong, true).is_err(), "{at}");
        }
        assert!(
            read(&plain[1..], false)
                .expect_err("63")
                .contains("63 characters")
        );
        assert!(
            read(&"x".repeat(66), false)
                .expect_err("letters")
                .contains("66 characters")
        );
        assert!(
            read(&("25".to_owned() + &"0".repeat(62)), false)
                .expect_err("weak")
                .contains("weak")
        );
        assert!(read("", true).is_err());
    }
}
