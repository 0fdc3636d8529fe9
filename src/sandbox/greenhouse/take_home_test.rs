//! One take-home test: what was sent, and what has become of it.

use super::answers::{COMPLETE, TestStatus};
use serde_json::value::RawValue;

/// A take-home test.
pub struct TakeHomeTest {
    /// The body of `send_test`, the same whenever it is sent.
    pub body: Box<RawValue>,
    /// The test that the recruiter chose.
    pub partner_test_id: String,
    /// To whom it is sent.
    pub candidate_email: String,
    /// The partner's id of it, once `send_test` was answered.
    pub partner_interview_id: Option<String>,
    /// How many callbacks have come and were taken.
    pub callbacks: u64,
    /// A callback came before `send_test` was answered: the status is to be read as soon as it is.
    pub owes_read: bool,
    /// How often `test_status` was called.
    pub reads_begun: u64,
    /// How many of these calls have come to an end.
    pub reads_ended: u64,
    /// What was wrong with the last one, if anything.
    pub errors: Vec<String>,
    newest: Option<(u64, TestStatus)>,
}

impl TakeHomeTest {
    /// A test that is yet to be sent.
    pub fn new(body: Box<RawValue>, partner_test_id: String, candidate_email: String) -> Self {
        Self {
            body,
            partner_test_id,
            candidate_email,
            partner_interview_id: None,
            callbacks: 0,
            owes_read: false,
            reads_begun: 0,
            reads_ended: 0,
            errors: Vec::new(),
            newest: None,
        }
    }

    /// The last valid answer to `test_status`.
    pub fn status(&self) -> Option<&TestStatus> {
        self.newest.as_ref().map(|(_, status)| status)
    }

    /// Ends the read of that number. Of two answers that overtake each other, the later question counts.
    pub fn end_read(&mut self, number: u64, outcome: Result<TestStatus, Vec<String>>) {
        self.reads_ended += 1;
        match outcome {
            Ok(status) => {
                if self.newest.as_ref().is_none_or(|(newest, _)| *newest < number) {
                    self.newest = Some((number, status));
                    self.errors.clear();
                }
            }
            Err(errors) => self.errors = errors,
        }
    }

    /// Greenhouse's word for where the test stands in the interview plan.
    pub fn state(&self) -> &'static str {
        match (&self.partner_interview_id, self.status()) {
            (_, Some(status)) if status.partner_status == COMPLETE => "received",
            (Some(_), _) => "sent",
            (None, _) => "to_be_sent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(partner_status: &str) -> TestStatus {
        TestStatus {
            partner_status: partner_status.to_owned(),
            partner_profile_url: None,
            partner_score: None,
            metadata: None,
        }
    }

    #[test]
    fn an_answer_that_was_overtaken_changes_nothing() {
        let mut test = TakeHomeTest::new(
            RawValue::NULL.to_owned(),
            "t1".to_owned(),
            "a@b.example".to_owned(),
        );
        assert_eq!(test.state(), "to_be_sent");
        test.partner_interview_id = Some("i1".to_owned());
        assert_eq!(test.state(), "sent");
        test.end_read(2, Ok(status(COMPLETE)));
        test.end_read(1, Ok(status("in_progress")));
        assert_eq!(test.state(), "received");
        test.end_read(3, Err(vec!["nonsense".to_owned()]));
        assert_eq!(test.status(), Some(&status(COMPLETE)));
        assert_eq!(test.errors, ["nonsense"]);
        assert_eq!(test.reads_ended, 3);
    }
}
