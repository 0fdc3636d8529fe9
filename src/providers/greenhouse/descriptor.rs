//! What Greenhouse can do, and where its recruiters see a result.

use crate::domain::account::AuthType;
use crate::domain::category::Category;
use crate::providers::authorization::TokenIn;
use crate::providers::descriptor::{
    Assumption, Basis, CallbackHost, CustomerStep, Descriptor, FieldKind, Operation, OutgoingCall,
    ResultField, StepBy, StepNeeds,
};

const PARTNER_API: Basis =
    Basis::documented("Greenhouse, Assessment Partner API (developers.greenhouse.io/assessment.html)");
const SUPPORT: Basis = Basis::third_party(
    "how others have customers of Greenhouse's connect (StackOne's and Nango's guides): a ticket, a secure link for the key, a confirmation",
);

pub const DESCRIPTOR: Descriptor = Descriptor {
    key: "greenhouse",
    name: "Greenhouse",
    // Greenhouse itself knows only tests; a check is presented to the recruiter as one.
    categories: &Category::ALL,
    auth_types: &[AuthType::PartnerApi, AuthType::PublicAndPartnerApi],
    token_in: TokenIn::BasicUser,
    credential_fields: &[],
    operations: &[
        Operation {
            name: "list_tests",
            method: "GET",
            path: "list_tests",
            purpose: "Asks what can be sent, when the recruiter opens the dialog.",
            basis: PARTNER_API,
        },
        Operation {
            name: "send_test",
            method: "POST",
            path: "send_test",
            purpose: "Places an order.",
            basis: PARTNER_API,
        },
        Operation {
            name: "test_status",
            method: "GET",
            path: "test_status",
            purpose: "Reads how an order stands, after our callback and every hour.",
            basis: PARTNER_API,
        },
        Operation {
            name: "response_error",
            method: "POST",
            path: "response_error",
            purpose: "Tells us that one of our answers was malformed.",
            basis: PARTNER_API,
        },
    ],
    calls: &[OutgoingCall {
        name: "callback",
        method: "PATCH",
        url: "the url of send_test",
        purpose: "Says, without a body, that an order has news; Greenhouse then reads test_status.",
        basis: PARTNER_API,
    }],
    callback_hosts: &[CallbackHost {
        domain: "greenhouse.io",
        basis: Basis::assumed(
            "Greenhouse's documents show one callback URL, under app.greenhouse.io, and promise no host",
        ),
    }],
    reads_status: true,
    told_of_placement: false,
    told_of_cancellation: false,
    result_fields: &[
        ResultField::new(
            "result.value",
            FieldKind::ResultValue,
            "Progress or outcome; absent means complete.",
            "Status of the test: awaiting submission until it is complete",
            PARTNER_API,
        )
        .not_telling_apart(&["passed", "failed"]),
        ResultField::new(
            "result_url",
            FieldKind::Url,
            "The report. Greenhouse refuses a complete test without one.",
            "\"View Report\" under Grading Instructions, and \"Go to Test\"",
            PARTNER_API,
        )
        .required_when_complete(),
        ResultField::new(
            "score.value",
            FieldKind::Number,
            "The score, a number.",
            "\"Score\" under Grading Instructions",
            PARTNER_API,
        ),
        ResultField::new(
            "start_date",
            FieldKind::DateTime,
            "When the candidate began.",
            "\"Started At\" under Grading Instructions",
            PARTNER_API,
        ),
        ResultField::new(
            "submission_date",
            FieldKind::DateTime,
            "When the candidate was done.",
            "\"Completed At\" under Grading Instructions",
            PARTNER_API,
        ),
        ResultField::new(
            "summary",
            FieldKind::Text,
            "Notes for the recruiter.",
            "\"Notes\" under Grading Instructions",
            PARTNER_API,
        ),
    ],
    set_up: &[],
    assumptions: &[
        Assumption {
            what: "The candidate's and the application's id are read from greenhouse_profile_url where send_test does not carry them; an id that is not all digits is none.",
            basis: Basis::third_party("what StackOne and Knit make of the same payload"),
            configured_by: None,
        },
        Assumption {
            what: "A 404 or 410 to the callback is final: the test is unknown, or its candidate is no longer active.",
            basis: Basis::assumed("the documents promise no more than a status code"),
            configured_by: None,
        },
    ],
    setup_steps: &[
        "Once, as the vendor: apply as a Greenhouse integration partner, choose the Assessment API, and enter the four endpoint_urls of your integration.",
        "Once, as the vendor: store the partner user name and password that Greenhouse sends you in the integration.",
        "For each customer: create secrets and send the secretKey to Greenhouse's partner support as the customer's API key.",
        "The customer: under Jobs > Interview Plan, add the integration as a stage.",
    ],
    customer_steps: &[
        CustomerStep {
            by: StepBy::Customer,
            title: "Write to Greenhouse Support",
            text: "Greenhouse switches the integration on for you. Send this message to its support, from the address with which you sign in to Greenhouse. Leave the token out: an e-mail is no place for it.",
            needs: StepNeeds::Message(
                "Hello,\n\nplease switch on the partner integration of {vendor} for our Greenhouse account. We have the API key for it: please send us a secure link by which we can give it to you.\n\nThe endpoints of the integration begin with {base_url}\n\nThank you,\n{customer}",
            ),
            basis: SUPPORT,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Give Greenhouse Support the token",
            text: "Their answer has a secure link. Enter this token there: it is what Greenhouse calls the API key.",
            needs: StepNeeds::TriggerToken,
            basis: SUPPORT,
        },
        CustomerStep {
            by: StepBy::AtsSupport,
            title: "Greenhouse switches the integration on",
            text: "They confirm it by e-mail. There is nothing to do for you meanwhile.",
            needs: StepNeeds::Nothing,
            basis: SUPPORT,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Add it to a job",
            text: "In Greenhouse, open a job, go to Interview Plan, choose Add Stage, and select {vendor}. From then on you can send candidates from there.",
            needs: StepNeeds::Nothing,
            basis: SUPPORT,
        },
    ],
};
