//! Sealed values: what was sealed opens, in its own place, and nothing else ever does.

use super::Target;
use super::input::{Input, part};
use base64::{Engine, engine::general_purpose::STANDARD};
use crosscheck::ambient::Ambient;
use crosscheck::crypto::{KeyRing, Place, open, seal};
use crosscheck::domain::timestamp::Timestamp;
use std::hash::{DefaultHasher, Hash, Hasher};

pub const TARGET: Target = Target {
    name: "sealing",
    check,
    seeds,
};

/// Rings of which two hold the key that the first seals with. Keys are made of the whole input: with lasting ones, a
/// fuzzer would see tags being compared and put them into its next input.
fn rings(bytes: &[u8]) -> [KeyRing; 3] {
    let key = |id: &str| {
        let word = |number: u8| {
            let mut hasher = DefaultHasher::new();
            (id, number, bytes).hash(&mut hasher);
            hasher.finish().to_le_bytes()
        };
        let key = [word(0), word(1), word(2), word(3)].concat();
        format!("{id}:{}", STANDARD.encode(key))
    };
    let (a, b) = (key("a"), key("b"));
    [a.clone(), format!("{b},{a}"), b].map(|text| KeyRing::parse(&text).expect("the ring reads"))
}

/// Chance as the input has it.
struct Given([u8; 24]);

impl Ambient for Given {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes
            .iter_mut()
            .zip(self.0)
            .for_each(|(byte, given)| *byte = given);
    }
}

pub fn check(bytes: &[u8]) {
    let rings = rings(bytes);
    let mut input = Input::new(bytes);
    let (project, row) = (id(&mut input), id(&mut input));
    let place = Place {
        project: &project,
        table: "t",
        column: "c",
        row: &row,
    };
    if input.byte() == 0 {
        // Nobody can make up what opens.
        let sealed = input.rest();
        for ring in &rings {
            assert!(
                open(ring, place, sealed).is_err(),
                "what was not sealed does not open"
            );
        }
        return;
    }
    let [first, rotated, other] = &rings;
    let nonce = [0; 24].map(|_: u8| input.byte());
    let (at, flip, plain) = (usize::from(input.byte()), input.byte().max(1), input.part());
    let sealed = seal(first, &Given(nonce), place, plain);
    for ring in [first, rotated] {
        assert_eq!(
            open(ring, place, &sealed).as_deref(),
            Ok(plain),
            "what was sealed opens"
        );
    }
    assert!(open(other, place, &sealed).is_err(), "it needs its key");
    let elsewhere = Place { column: "d", ..place };
    assert!(
        open(first, elsewhere, &sealed).is_err(),
        "it opens in its own place only"
    );
    let at = at % sealed.len();
    let mut changed = sealed.clone();
    changed[at] ^= flip;
    let longer = [&sealed[..], &[flip]].concat();
    let tail = input.rest();
    let grafted = [&sealed[..at], tail].concat();
    for damaged in [changed, longer, sealed[..at].to_vec(), grafted] {
        let opened = open(first, place, &damaged);
        assert!(
            damaged == sealed || opened.is_err(),
            "what was changed does not open"
        );
    }
}

/// A text that can be an id: the character that keeps the parts of a place apart is in none.
fn id(input: &mut Input<'_>) -> String {
    input.text().replace('\u{1f}', "")
}

fn seeds() -> Vec<Vec<u8>> {
    let place = [
        part(b"prj_0000000000000000000007"),
        part(b"acc_0000000000000000000007"),
    ]
    .concat();
    let chance = [[7; 24].as_slice(), &[9, 1]].concat();
    let sealed = b"\x01\x01a012345678901234567890123ciphertext and tag";
    vec![
        [&place[..], &[0], sealed].concat(),
        [&place[..], &[0, 1, 1, b'b']].concat(),
        [&place[..], &[1], &chance, &part(b"a secret")].concat(),
        [&place[..], &[1], &chance, &part(b""), sealed].concat(),
    ]
}
