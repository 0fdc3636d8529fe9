//! What Greenhouse can do, and where its recruiters see a result.

use crate::domain::account::AuthType;
use crate::domain::category::Category;
use crate::providers::descriptor::{Descriptor, FieldKind, Operation, Requirement, ResultField};

pub const DESCRIPTOR: Descriptor = Descriptor {
    key: "greenhouse",
    name: "Greenhouse",
    // Greenhouse itself knows only tests; a check is presented to the recruiter as one.
    categories: &Category::ALL,
    auth_types: &[AuthType::PartnerApi, AuthType::PublicAndPartnerApi],
    credential_fields: &[],
    operations: &[
        Operation {
            name: "list_tests",
            method: "GET",
            path: "list_tests",
        },
        Operation {
            name: "send_test",
            method: "POST",
            path: "send_test",
        },
        Operation {
            name: "test_status",
            method: "GET",
            path: "test_status",
        },
        Operation {
            name: "response_error",
            method: "POST",
            path: "response_error",
        },
    ],
    result_fields: &[
        ResultField {
            name: "result.value",
            kind: FieldKind::ResultValue,
            required: Requirement::Optional,
            description: "Progress or outcome; absent means complete.",
            shown_as: "Status of the test: awaiting submission until it is complete",
            not_told_apart: &["passed", "failed"],
        },
        ResultField {
            name: "result_url",
            kind: FieldKind::Url,
            required: Requirement::WhenComplete,
            description: "The report. Greenhouse refuses a complete test without one.",
            shown_as: "\"View Report\" under Grading Instructions, and \"Go to Test\"",
            not_told_apart: &[],
        },
        ResultField {
            name: "score.value",
            kind: FieldKind::Number,
            required: Requirement::Optional,
            description: "The score, a number.",
            shown_as: "\"Score\" under Grading Instructions",
            not_told_apart: &[],
        },
        ResultField {
            name: "start_date",
            kind: FieldKind::DateTime,
            required: Requirement::Optional,
            description: "When the candidate began.",
            shown_as: "\"Started At\" under Grading Instructions",
            not_told_apart: &[],
        },
        ResultField {
            name: "submission_date",
            kind: FieldKind::DateTime,
            required: Requirement::Optional,
            description: "When the candidate was done.",
            shown_as: "\"Completed At\" under Grading Instructions",
            not_told_apart: &[],
        },
        ResultField {
            name: "summary",
            kind: FieldKind::Text,
            required: Requirement::Optional,
            description: "Notes for the recruiter.",
            shown_as: "\"Notes\" under Grading Instructions",
            not_told_apart: &[],
        },
    ],
    setup_steps: &[
        "Once, as the vendor: apply as a Greenhouse integration partner, choose the Assessment API, and enter the four endpoint_urls of your integration.",
        "Once, as the vendor: store the partner user name and password that Greenhouse sends you in the integration.",
        "For each customer: create secrets and send the secretKey to Greenhouse's partner support as the customer's API key.",
        "The customer: under Jobs > Interview Plan, add the integration as a stage.",
    ],
};
