//! Sealed values: what was sealed opens, in its own place, and nothing else ever does.

use super::Target;
use super::input::{Input, part};
use crosscheck::ambient::Ambient;
use crosscheck::crypto::{KeyRing, Place, open, seal};
use crosscheck::domain::timestamp::Timestamp;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

pub const TARGET: Target = Target {
    name: "sealing",
    check,
    seeds,
};

const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const B: &str = "b:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

/// Rings that all hold the key of the first, and one that does not.
static RINGS: LazyLock<[KeyRing; 3]> =
    LazyLock::new(|| [A.to_owned(), format!("{B},{A}"), B.to_owned()].map(|text| ring(&text)));

/// Rings that seal nothing here: what a fuzzer sees being compared, it repeats.
static STRANGERS: LazyLock<[KeyRing; 3]> = LazyLock::new(|| {
    let own = "a:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA=";
    [own.to_owned(), format!("{B},{own}"), B.to_owned()].map(|text| ring(&text))
});

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(text).expect("the ring reads")
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
        for ring in &*STRANGERS {
            assert!(
                open(ring, place, sealed).is_err(),
                "what was not sealed does not open"
            );
        }
        return;
    }
    let [first, rotated, other] = &*RINGS;
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
            is_same(&damaged, &sealed) || opened.is_err(),
            "what was changed does not open"
        );
    }
}

/// Not byte by byte: a fuzzer that saw it would graft one whole sealed value into the place of another.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(|bytes| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    });
    one == other
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
