//! How bytes are taken for choices and texts.

/// Bytes of which each part is taken once, from the front. Where none are left there are zeros.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// One of `all`. What stands at the end of a list is added without a change to what older inputs choose.
    pub fn choose<'all, T>(&mut self, all: &'all [T]) -> Option<&'all T> {
        let choice = usize::from(self.byte());
        choice.checked_rem(all.len()).and_then(|index| all.get(index))
    }

    /// Some bytes, their number first.
    pub fn part(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (part, rest) = self.0.split_at(length);
        self.0 = rest;
        part
    }

    /// The same as a text.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.part()).into_owned()
    }

    /// All that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// What [`Input::part`] takes for `part`, to write seeds with.
pub fn part(part: &[u8]) -> Vec<u8> {
    let length = u8::try_from(part.len()).expect("a part of a seed is short");
    [&[length], part].concat()
}
