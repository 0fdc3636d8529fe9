//! The real binary as a child process, which can be killed.

use super::server::SEALING_KEYS;
use super::workspace::{database_url, on_postgres};
use super::{Customer, PATIENCE, http_client};
use crate::greenhouse_flow::send_test;
use crosscheck::ambient::{Ambient, System};
use reqwest::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

const LISTENING: &str = "listening on ";

/// A `crosscheck serve` that runs.
pub struct Process {
    pub url: String,
    pub http: Client,
    child: Child,
    lines: mpsc::Receiver<String>,
    said: Vec<String>,
    errors: Option<JoinHandle<Vec<u8>>>,
}

/// What a process left behind.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    /// Starts on the database in `directory` and waits until it listens.
    pub fn start(directory: &Path, env: &[(&str, &str)]) -> Self {
        let mut child = command(directory, env)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            text
        });
        let mut process = Self {
            url: String::new(),
            http: http_client(),
            child,
            lines,
            said: Vec::new(),
            errors: Some(errors),
        };
        while process.url.is_empty() {
            let Ok(line) = process.lines.recv_timeout(PATIENCE) else {
                let ended = process.kill();
                panic!("it does not listen: {}{}", ended.stdout, ended.stderr);
            };
            process.url = line.strip_prefix(LISTENING).unwrap_or_default().to_owned();
            process.said.push(line);
        }
        process
    }

    /// The API key that it printed, where it did.
    pub fn printed_key(&self) -> Option<&str> {
        let found = self.said.iter().find_map(|line| line.strip_prefix("API key"));
        found.and_then(|line| line.split(' ').next_back())
    }

    /// SIGKILL: it gets to do nothing more.
    pub fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.end()
    }

    /// SIGTERM: it may finish what it is doing.
    pub fn terminate(self) -> Ended {
        self.signal("-TERM");
        self.end()
    }

    /// SIGSTOP: it lives, and does nothing until it is woken.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    fn end(mut self) -> Ended {
        let status = self.child.wait().unwrap();
        let errors = self.errors.take().unwrap().join().unwrap();
        self.said.extend(self.lines.iter());
        Ended {
            status,
            stdout: self.said.join("\n"),
            stderr: String::from_utf8_lossy(&errors).into_owned(),
        }
    }

    /// A vendor's call. Returns the status and the answer; none where the process is gone.
    pub async fn call(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let url = format!("{}{path}", self.url);
        let mut request = self.http.request(method.parse().unwrap(), url);
        request = request.basic_auth(key, Some(""));
        if method != "GET" {
            // So that whatever is answered is kept as well.
            request = request.header("idempotency-key", System.uuid().to_string());
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// A vendor's call that must succeed.
    pub async fn vendor(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.call(key, method, path, body).await.unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Links a customer of Greenhouse.
    pub async fn link(&self, key: &str) -> Customer {
        self.link_with(key, "greenhouse", &json!({})).await
    }

    /// Links a customer with its credentials.
    pub async fn link_with(&self, key: &str, provider: &str, credentials: &Value) -> Customer {
        let body = json!({
            "provider": provider, "origin_owner_id": "cust-1", "origin_owner_name": "Initech",
            "credentials": credentials,
        });
        let made = self
            .vendor(key, "POST", "/unified/ats/assessments/secrets", Some(body))
            .await;
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Customer {
            token: text("secretKey"),
            base_url: text("baseUrl"),
            account: text("accountId"),
        }
    }

    /// Places an order; its id, where it was acknowledged.
    pub async fn place(&self, token: &str, callback: &str) -> Option<String> {
        let url = format!("{}/external-trigger/greenhouse/send_test", self.url);
        let request = self.http.post(url).basic_auth(token, Some(""));
        let response = request.json(&send_test(callback)).send().await.ok()?;
        assert_eq!(response.status().as_u16(), 200);
        let placed: Value = response.json().await.ok()?;
        Some(placed["partner_interview_id"].as_str().unwrap().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed must not leave its server behind; one that ended it already has nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the binary to its end.
pub fn run(directory: &Path, env: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let mut child = command(directory, env)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without having read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a command of the binary and kills it as soon as it has printed a line of which `is_it` is true. False
/// where it came to its end before.
pub fn run_and_kill(
    directory: &Path,
    env: &[(&str, &str)],
    arguments: &[&str],
    is_it: impl Fn(&str) -> bool,
) -> bool {
    let mut child = command(directory, env)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let printed = lines.map_while(Result::ok).any(|line| is_it(&line));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    printed && status.code().is_none()
}

fn command(directory: &Path, env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CROSSCHECK_")) {
        command.env_remove(name);
    }
    command
        .current_dir(directory)
        .env_remove("RUST_LOG")
        .env("CROSSCHECK_DATABASE_URL", database_url(directory))
        .env("CROSSCHECK_LISTEN", "127.0.0.1:0")
        .env("CROSSCHECK_RATE_LIMIT", "off")
        .env("CROSSCHECK_ALLOWED_TARGETS", "127.0.0.0/8");
    if on_postgres() {
        command.env("CROSSCHECK_SECRET_KEYS", SEALING_KEYS);
    }
    command.envs(env.iter().copied());
    command
}
