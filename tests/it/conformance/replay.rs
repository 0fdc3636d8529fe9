//! Calls of the ATS's as its simulation made them, to be made again otherwise: with another token, another body.

use super::scene::Scene;
use super::shape;
use crate::harness::{Answered, basic};
use crosscheck::providers::authorization::TokenIn;
use crosscheck::providers::descriptor::Operation;
use crosscheck::providers::provider::{Inquiry, Provider, Refusal, Request};
use crosscheck::sandbox::journal::{Direction, Exchanged};
use serde_json::Value;
use std::borrow::Cow;

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Packages,
    Parameters,
    Order,
    Status,
    Cancel,
    Link,
    Error,
}

/// One call of the ATS's.
#[derive(Clone, Debug)]
pub struct Asked {
    pub operation: &'static Operation,
    /// What stands for each `{name}` of the operation's path.
    pub segments: Vec<(&'static str, String)>,
    /// Path and query.
    pub url: String,
    pub body: Option<String>,
}

impl Asked {
    /// The call of a journal's entry, where it is one of the ATS's.
    pub fn of(scene: &Scene, exchanged: &Exchanged) -> Option<Self> {
        if exchanged.direction != Direction::ToPartner {
            return None;
        }
        let start = format!("/external-trigger/{}/", scene.descriptor.key);
        let tail = exchanged.url.strip_prefix(&start)?;
        let path = tail.split('?').next()?;
        let mut operations = scene.descriptor.operations.iter();
        let (operation, segments) = operations.find_map(|operation| {
            let segments = operation.matches(path)?;
            (operation.method == exchanged.method).then_some((operation, segments))
        })?;
        let owned = |(name, value): (&'static str, Cow<'_, str>)| (name, value.into_owned());
        Some(Self {
            operation,
            segments: segments.into_iter().map(owned).collect(),
            url: exchanged.url.clone(),
            body: (exchanged.request.get() != "null").then(|| exchanged.request.get().to_owned()),
        })
    }

    /// One that the simulation had no reason to make, with a body made up from its schema.
    fn made_up(scene: &Scene, operation: &'static Operation) -> Self {
        let url = scene.integration["endpoint_urls"][operation.name]
            .as_str()
            .unwrap();
        let url = url.strip_prefix(scene.server.url.as_str()).unwrap();
        let names = operation.path.split('/').filter_map(|segment| {
            let name = segment.strip_prefix('{')?.strip_suffix('}')?;
            Some((name, "made-up".to_owned()))
        });
        let segments: Vec<_> = names.collect();
        let filled = segments.iter().fold(url.to_owned(), |url, (name, value)| {
            url.replace(&format!("{{{name}}}"), value)
        });
        let schema = shape::schema_of(scene.provider, &format!("{}.request", operation.name));
        Self {
            operation,
            segments,
            url: filled,
            body: schema.map(|schema| shape::example(&schema).to_string()),
        }
    }

    /// What the translator reads out of it.
    pub fn read<T>(
        &self,
        provider: &dyn Provider,
        look: impl FnOnce(Result<Inquiry<'_>, Refusal>) -> T,
    ) -> T {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        let segments = self.segments.iter();
        let request = Request {
            path: segments
                .map(|(name, value)| (*name, Cow::from(value.as_str())))
                .collect(),
            query: pairs(query),
            headers: Vec::new(),
            body: self.body.as_deref().unwrap_or_default().as_bytes(),
        };
        look(provider.read(self.operation, &request))
    }

    /// What it asks for, where the translator takes it.
    pub fn kind(&self, provider: &dyn Provider) -> Option<Kind> {
        self.read(provider, |inquiry| {
            Some(match inquiry.ok()? {
                Inquiry::ListPackages => Kind::Packages,
                Inquiry::ListParameters => Kind::Parameters,
                Inquiry::PlaceOrder(_) => Kind::Order,
                Inquiry::ReadStatus(_) => Kind::Status,
                Inquiry::CancelOrder(_) => Kind::Cancel,
                Inquiry::ReadResultLink(_) => Kind::Link,
                Inquiry::ReportError(_) => Kind::Error,
            })
        })
    }

    /// Whether the translator reads its body at all.
    pub fn is_read(&self, provider: &dyn Provider) -> bool {
        self.body.is_some() && self.with("{").read(provider, |inquiry| inquiry.is_err())
    }

    /// The same with another body.
    pub fn with(&self, body: impl ToString) -> Self {
        Self {
            body: Some(body.to_string()),
            ..self.clone()
        }
    }

    pub fn json(&self) -> Value {
        let body = self.body.as_deref();
        serde_json::from_str(body.unwrap_or("null")).unwrap()
    }
}

fn pairs(query: &str) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
    let url = reqwest::Url::parse(&format!("http://unused.example/?{query}")).unwrap();
    url.query_pairs()
        .map(|(key, value)| (Cow::Owned(key.into_owned()), Cow::Owned(value.into_owned())))
        .collect()
}

/// The `Authorization` of the ATS's calls.
pub fn authorization(place: TokenIn, token: &str) -> String {
    match place {
        TokenIn::BasicUser | TokenIn::BasicUserOrPassword => basic(token, ""),
        TokenIn::Bearer => format!("Bearer {token}"),
    }
}

/// The token in a scheme that the ATS does not use.
pub fn wrong_scheme(place: TokenIn, token: &str) -> String {
    match place {
        TokenIn::BasicUser | TokenIn::BasicUserOrPassword => format!("Bearer {token}"),
        TokenIn::Bearer => basic(token, ""),
    }
}

impl Scene {
    /// Makes a call with any method, token and bytes.
    pub async fn call(
        &self,
        method: &str,
        url: &str,
        authorization: Option<&str>,
        body: Option<&[u8]>,
    ) -> Answered {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let body = body.unwrap_or_default().to_vec();
        self.server.send(method, url, &headers, body).await
    }

    /// Makes a call with that token.
    pub async fn ask(&self, asked: &Asked, token: &str) -> Answered {
        self.ask_with(asked, token, asked.body.as_deref().unwrap_or_default().as_bytes())
            .await
    }

    /// The same with any bytes as its body.
    pub async fn ask_with(&self, asked: &Asked, token: &str, body: &[u8]) -> Answered {
        let authorization = authorization(self.descriptor.token_in, token);
        self.call(
            asked.operation.method,
            &asked.url,
            Some(&authorization),
            Some(body),
        )
        .await
    }

    /// The last call of each operation: as the simulation made it, where it did.
    pub async fn samples(&self) -> Vec<Asked> {
        let journal = self.journal().await;
        let made: Vec<_> = journal
            .iter()
            .rev()
            .filter_map(|one| Asked::of(self, one))
            .collect();
        let operations = self.descriptor.operations.iter();
        operations
            .map(|operation| {
                let sample = made.iter().find(|asked| asked.operation.name == operation.name);
                sample.cloned().unwrap_or_else(|| Asked::made_up(self, operation))
            })
            .collect()
    }

    /// The last call that placed an order.
    pub async fn placing(&self) -> Asked {
        self.last_of(Kind::Order).await.expect(
            "one of the descriptor's operations reads as an order what the simulation sends for one (Inquiry::PlaceOrder)",
        )
    }

    /// The last call of that kind that the simulation has made.
    pub async fn last_of(&self, kind: Kind) -> Option<Asked> {
        let journal = self.journal().await;
        let mut made = journal.iter().rev().filter_map(|one| Asked::of(self, one));
        made.find(|asked| asked.kind(self.provider) == Some(kind))
    }
}
