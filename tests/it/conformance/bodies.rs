//! Bodies that no translator should have to look at.

/// One byte more than is taken.
const TOO_LARGE: usize = 1024 * 1024 + 1;

/// Bodies that cannot be read, made of one that can.
pub fn unreadable(whole: &str) -> Vec<(&'static str, Vec<u8>)> {
    let text = |body: String| body.into_bytes();
    let opened = whole.trim_end().strip_suffix('}');
    let more = |key: &str| {
        let opened = opened.expect("the ATS sends an object");
        let comma = if opened.trim_end().ends_with('{') { "" } else { "," };
        format!("{opened}{comma}{key}}}")
    };
    let half = whole.char_indices().nth(whole.chars().count() / 2).unwrap().0;
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let padding = TOO_LARGE.saturating_sub(more("\"padding\":\"\"").len());
    vec![
        ("an empty body", Vec::new()),
        ("half a body", text(whole[..half].to_owned())),
        ("a body that is no JSON", text("<h1>Bad gateway</h1>".to_owned())),
        ("a trailing comma", text(more("\"more\":1,"))),
        ("an array as its body", text(format!("[{whole}]"))),
        ("a text as its body", text("\"body\"".to_owned())),
        ("null as its body", text("null".to_owned())),
        ("a NUL character", text(more("\"nul\":\"\\u0000\""))),
        ("half a surrogate pair", text(more("\"half\":\"\\ud83d\""))),
        (
            "bytes that are not UTF-8",
            [text(more("\"x\":\"")), vec![0xff], text("\"}".to_owned())].concat(),
        ),
        ("nesting of 100 levels", text(more(&format!("\"deep\":{deep}")))),
        (
            "a body of 1 MiB and a byte",
            text(more(&format!("\"padding\":\"{}\"", "x".repeat(padding)))),
        ),
    ]
}
