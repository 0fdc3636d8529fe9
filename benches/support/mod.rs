//! What the benches share: the request that they send, invented, and the middle of a list of figures.

/// A `send_test` as Greenhouse sends it: `number` makes the candidate and the callback URL its own. The signed
/// link to the résumé is most of it, as it is in life.
pub fn send_test(number: u64) -> String {
    let signature = "5f0e9c2ab71d4e6688d3a9f1c07b25e4".repeat(8);
    format!(
        concat!(
            r#"{{"partner_test_id":"tst_backend_junior_02","candidate":{{"first_name":"Noor","last_name":"Lindqvist","#,
            r#""preferred_name":"Noor","email":"noor.lindqvist+{n}@mail.example","phone_number":"+46-70-555-01-88","#,
            r#""resume_url":"https://files.ats.example/resumes/{n}/noor-lindqvist.pdf?algorithm=HMAC-SHA256"#,
            r#"&credential=EXAMPLE%2F20260203%2Feu-north-1&date=20260203T101200Z&expires=604800"#,
            r#"&signed-headers=host&security-token={s}&signature={s}","#,
            r#""greenhouse_profile_url":"https://app.ats.example/people/{n}?application_id=9{n}"}},"#,
            r#""sent_by":"recruiter@customer.example","#,
            r#""url":"https://app.ats.example/integrations/testing_partners/take_home_tests/{n}"}}"#
        ),
        n = number,
        s = signature,
    )
}

/// The value at `share` (0 to 1) of `sorted`; zero where there is none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * share).round() as usize)
        .copied()
        .unwrap_or_default()
}
