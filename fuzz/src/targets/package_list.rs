//! What a vendor's list URL answers: packages that every ATS can be offered, or what is wrong with them.

use super::Target;
use super::documents::has_a_key_twice;
use super::wire::{Kind, NOW, assert_valid, kinds};
use crosscheck::domain::category::Category;
use crosscheck::domain::id::ProjectId;
use crosscheck::domain::package::{self, Offer, Parameter};
use crosscheck::exchange::list_page;
use crosscheck::providers::provider::{Answer, Provider};
use crosscheck::providers::registry;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

pub const TARGET: Target = Target {
    name: "package_list",
    check,
    seeds,
};

pub fn check(bytes: &[u8]) {
    let page = match list_page::read(bytes) {
        Ok(page) => page,
        Err(broken) => {
            assert!(!broken.is_empty(), "the vendor is told what is wrong");
            let twice = broken.iter().any(|one| one.code == "duplicate_key");
            let text = String::from_utf8_lossy(bytes);
            assert!(
                !twice || has_a_key_twice(&text),
                "the reader refuses what the schema takes: {text}"
            );
            return;
        }
    };
    let mut seen = HashSet::new();
    if let Err(twice) = list_page::check_distinct(&page.data, page.pointer, &mut seen) {
        assert_eq!(
            seen.len() + twice.len(),
            page.data.len(),
            "each repetition is named"
        );
        return;
    }
    let project = ProjectId::new(Uuid::from_u128(7));
    let offers = page.data.into_iter().map(|package| Offer {
        uuid: package::uuid(&project, Category::Assessments, &package.id),
        package,
    });
    let offers: Vec<_> = offers.collect();
    let uuids: HashSet<_> = offers.iter().map(|offer| offer.uuid).collect();
    assert_eq!(uuids.len(), offers.len(), "each package has a UUID of its own");
    let asked = offers
        .iter()
        .flat_map(|offer| offer.package.parameters.iter().flatten());
    let mut ids = HashSet::new();
    let parameters = asked
        .filter_map(Parameter::read)
        .filter(|one| ids.insert(one.id.clone()));
    let (parameters, offers) = (Answer::Parameters(parameters.collect()), Answer::Offers(offers));
    for provider in registry::all() {
        check_answers(*provider, &offers, &parameters);
    }
}

fn check_answers(provider: &dyn Provider, offers: &Answer, parameters: &Answer) {
    for (operation, kind) in kinds(provider) {
        let answer = match kind {
            Kind::Packages => offers,
            Kind::Parameters => parameters,
            _ => continue,
        };
        let response = provider.answer(Some(operation), Ok(answer), NOW);
        assert!((200..300).contains(&response.status));
        assert_valid(provider, &format!("{}.response", operation.name), &response.body);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let full = json!({"id": "logic-40", "name": "Logic, 40 minutes", "description": "d", "type": "SKILLS_TEST",
    "metadata": {"a": [1, 0.5, null]}, "tests": [{"id": "t"}],
    "parameters": [
        {"id": "lvl", "name": "Level", "type": "select", "required": true, "values": ["junior", {"id": "s", "name": "S"}]},
        {"name": "note"}, {"type": "Score", "id": "x"},
    ]});
    let pages = [
        json!([full]),
        json!({"data": [full, {"id": "b", "name": "B", "description": null}], "next": "c2"}),
        json!({"data": [], "next": null}),
        json!([{"id": "a", "name": "A"}, {"id": "a", "name": "B"}]),
        json!({"items": []}),
    ];
    pages.map(|page| page.to_string().into_bytes()).into()
}
