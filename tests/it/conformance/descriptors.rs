//! A descriptor makes sense in itself.

use super::{every_descriptor, reports, shape};
use crosscheck::http::openapi;
use crosscheck::json::Schema;
use crosscheck::outbox::address_guard::AddressGuard;
use crosscheck::providers::descriptor::{Basis, CredentialKind, Holder, StepNeeds};
use crosscheck::sandbox::registry as sandbox;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every element once.
fn distinct<T: Ord + std::fmt::Debug>(what: &str, all: impl IntoIterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for one in all {
        let said = format!("{one:?}");
        assert!(seen.insert(one), "{what}: {said} stands twice");
    }
}

#[test]
fn its_names_are_names_and_stand_once() {
    every_descriptor(|provider| {
        let descriptor = provider.descriptor();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            !descriptor.key.is_empty() && descriptor.key.chars().all(plain),
            "the key is of lower-case letters, digits and _: {}",
            descriptor.key
        );
        assert!(!descriptor.name.is_empty(), "it has a name");
        assert!(!descriptor.categories.is_empty(), "it has a category");
        assert!(!descriptor.auth_types.is_empty(), "it has an auth type");
        assert!(!descriptor.operations.is_empty(), "the ATS calls something");
        assert!(
            !descriptor.setup_steps.is_empty(),
            "people are told how to set it up (setup_steps)"
        );
        distinct("categories", descriptor.categories.iter().map(|one| one.as_str()));
        let operations = || descriptor.operations.iter();
        distinct("operations by name", operations().map(|one| one.name));
        distinct(
            "operations by method and path",
            operations().map(|one| (one.method, one.path)),
        );
        let calls = descriptor.calls.iter().map(|one| one.name);
        distinct(
            "operations and calls by name",
            operations().map(|one| one.name).chain(calls),
        );
        distinct(
            "credential fields",
            descriptor.credential_fields.iter().map(|one| one.name),
        );
        distinct("set-up steps", descriptor.set_up.iter().map(|one| one.name));
    });
}

#[test]
fn a_name_in_a_path_is_a_whole_segment() {
    every_descriptor(|provider| {
        for operation in provider.descriptor().operations {
            let path = operation.path;
            assert!(
                !path.starts_with('/') && !path.ends_with('/') && !path.contains("//"),
                "{path} is what follows /external-trigger/{{provider}}/"
            );
            let mut names = Vec::new();
            for segment in path.split('/').filter(|segment| segment.contains(['{', '}'])) {
                let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                let is_name = |name: &&str| !name.is_empty() && !name.contains(['{', '}']);
                names.push(name.filter(is_name).unwrap_or_else(|| {
                    panic!("{segment} in {path}: a name is a whole segment, such as {{order}}")
                }));
            }
            distinct(path, names);
        }
    });
}

#[test]
fn every_schema_compiles_and_is_named_for_an_operation_or_a_call() {
    every_descriptor(|provider| {
        let descriptor = provider.descriptor();
        for (name, _) in provider.schemas() {
            shape::compiled(provider, name);
            // What is answered to whatever is refused has one shape, where it has any.
            if *name == shape::REFUSAL {
                continue;
            }
            let (of, what) = name.rsplit_once('.').unwrap_or((name, ""));
            let operations = descriptor.operations.iter().map(|one| one.name);
            let mut known = operations.chain(descriptor.calls.iter().map(|one| one.name));
            assert!(
                known.any(|one| one == of) && ["request", "response"].contains(&what),
                "the schema {name} is <operation or call>.request or .response, or {}",
                shape::REFUSAL
            );
        }
        distinct("schemas", provider.schemas().iter().map(|(name, _)| *name));
    });
}

#[test]
fn a_default_credential_fits_its_pattern() {
    every_descriptor(|provider| {
        for field in provider.descriptor().credential_fields {
            let Some(pattern) = field.pattern else { continue };
            let schema = Schema::compile(&json!({"type": "string", "pattern": pattern}));
            let schema =
                schema.unwrap_or_else(|error| panic!("{}: {pattern} does not compile: {error}", field.name));
            if let Some(default) = field.default {
                assert_eq!(
                    shape::broken(&schema, &json!(default)),
                    [""; 0],
                    "the default of {} fits its pattern",
                    field.name
                );
            }
        }
    });
}

#[test]
fn what_refers_to_a_credential_or_a_result_field_names_one() {
    let fields: BTreeSet<_> = reports::FIELDS.into_iter().collect();
    every_descriptor(|provider| {
        let descriptor = provider.descriptor();
        let is_credential = |name: &str| {
            descriptor
                .credential_fields
                .iter()
                .any(|field| field.name == name)
        };
        for assumption in descriptor.assumptions {
            if let Some(name) = assumption.configured_by {
                assert!(is_credential(name), "configured_by {name} is no credential field");
            }
        }
        for step in descriptor.set_up {
            for name in step.sets {
                let vendors = descriptor.credentials_of(Holder::Vendor);
                assert!(
                    vendors.map(|field| field.name).any(|field| field == *name),
                    "the set-up step {} sets {name}, which is no credential field of the vendor's",
                    step.name
                );
            }
        }
        assert_eq!(
            provider.set_up().is_some(),
            !descriptor.set_up.is_empty(),
            "set-up steps are described and can be made"
        );
        for field in descriptor.result_fields {
            assert!(
                fields.contains(field.name),
                "{} is no field of a report",
                field.name
            );
            assert!(
                !field.shown_as.is_empty(),
                "{} is shown somewhere (shown_as)",
                field.name
            );
            assert!(
                !field.categories.is_empty(),
                "{} is taken in a category",
                field.name
            );
            for category in field.categories {
                let own = |category| descriptor.categories.contains(category);
                let all = field.categories.len() == crosscheck::domain::category::Category::ALL.len();
                assert!(
                    own(category) || all,
                    "{} is taken in {category}, which is none of its categories",
                    field.name
                );
            }
        }
        for category in descriptor.categories {
            let names = descriptor.result_fields_of(*category).map(|field| field.name);
            distinct("result fields", names);
        }
    });
}

#[test]
fn every_fact_has_a_source() {
    every_descriptor(|provider| {
        let descriptor = provider.descriptor();
        let mut all: Vec<(&str, Basis)> = Vec::new();
        all.extend(descriptor.operations.iter().map(|one| (one.name, one.basis)));
        all.extend(descriptor.calls.iter().map(|one| (one.name, one.basis)));
        all.extend(
            descriptor
                .credential_fields
                .iter()
                .map(|one| (one.name, one.basis)),
        );
        all.extend(descriptor.result_fields.iter().map(|one| (one.name, one.basis)));
        all.extend(descriptor.set_up.iter().map(|one| (one.name, one.basis)));
        all.extend(descriptor.assumptions.iter().map(|one| (one.what, one.basis)));
        all.extend(descriptor.customer_steps.iter().map(|one| (one.title, one.basis)));
        for (what, basis) in all {
            assert!(!basis.source.is_empty(), "{what}: where does that stand?");
        }
    });
}

#[test]
fn its_customers_are_told_once_where_the_token_goes_and_for_their_credentials_where_they_have_any() {
    every_descriptor(|provider| {
        let descriptor = provider.descriptor();
        let steps = descriptor.customer_steps;
        let needing = |needs: StepNeeds| steps.iter().filter(|step| step.needs == needs).count();
        assert_eq!(needing(StepNeeds::TriggerToken), 1, "one step shows the token");
        assert_eq!(
            needing(StepNeeds::Credentials),
            usize::from(descriptor.credentials_of(Holder::Customer).next().is_some()),
            "one step has the form for the customer's credentials, where there are any"
        );
        for step in steps {
            let message = match step.needs {
                StepNeeds::Message(message) => message,
                _ => "",
            };
            for text in [step.title, step.text, message] {
                let known = ["{vendor}", "{customer}", "{base_url}"];
                let plain = known
                    .iter()
                    .fold(text.to_owned(), |text, name| text.replace(name, ""));
                assert!(
                    !plain.contains(['{', '}']),
                    "{text}: only {known:?} are filled in"
                );
            }
            assert!(
                !step.title.is_empty() && !step.text.is_empty(),
                "{step:?} says what to do"
            );
        }
    });
}

#[test]
fn it_has_a_simulation_and_the_simulations_have_providers() {
    every_descriptor(|provider| {
        let key = provider.descriptor().key;
        assert!(
            sandbox::find(key).is_some(),
            "it has no simulation: add src/sandbox/{key}/ and its line in src/sandbox/registry.rs (CONTRIBUTING.md)"
        );
    });
}

/// The suite knows every field that a report has.
#[test]
fn the_fields_of_a_report_are_those_of_the_api() {
    let document = openapi::document().unwrap();
    let schemas = &document["components"]["schemas"];
    let properties = |name: &str| schemas[name]["properties"].as_object().unwrap().clone();
    let mut found = Vec::new();
    for (name, schema) in properties("ResultUpdate") {
        let inner = inner_of(&schema).map(|inner| properties(&inner));
        match inner {
            Some(inner) => found.extend(inner.keys().map(|key| format!("{name}.{key}"))),
            None => found.push(name),
        }
    }
    found.sort();
    assert_eq!(found, reports::FIELDS);
}

/// The object that a property refers to.
fn inner_of(schema: &Value) -> Option<String> {
    let direct = schema["$ref"].as_str();
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    let reference = direct.or_else(|| one_of.filter_map(|form| form["$ref"].as_str()).next())?;
    Some(reference.rsplit('/').next().unwrap().to_owned())
}

#[test]
fn its_own_hosts_are_domains_under_which_its_default_urls_lie() {
    every_descriptor(|provider| {
        let descriptor = provider.descriptor();
        let hosts = descriptor.callback_hosts;
        distinct("callback hosts", hosts.iter().map(|host| host.domain));
        for host in hosts {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let labels: Vec<_> = host.domain.split('.').collect();
            assert!(
                labels.len() > 1
                    && labels
                        .iter()
                        .all(|label| !label.is_empty() && label.chars().all(plain)),
                "{} is a domain in lower case",
                host.domain
            );
        }
        let pinned = AddressGuard::new(Vec::new(), true);
        for field in descriptor.credential_fields {
            if let (CredentialKind::Url, Some(default)) = (field.kind, field.default) {
                let refused = pinned.check(default, hosts).err();
                assert_eq!(refused, None, "the default of {} may be called", field.name);
            }
        }
    });
}
