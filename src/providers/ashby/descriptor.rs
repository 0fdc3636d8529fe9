//! What Ashby can do, and where its recruiters see a result.

use crate::domain::account::AuthType;
use crate::domain::category::Category;
use crate::providers::authorization::TokenIn;
use crate::providers::descriptor::{
    Assumption, Basis, CallbackHost, CredentialField, CredentialKind, CustomerStep, Descriptor, FieldKind,
    Holder, Operation, OutgoingCall, ResultField, StepBy, StepNeeds,
};

const PARTNER_API: Basis = Basis::documented(
    "Ashby, Creating an Assessments Integration (developers.ashbyhq.com/docs/creating-an-assessments-integration)",
);
const IMPLEMENTER: Basis = Basis::third_party("an integration that runs against Ashby's sandbox");
const CUSTOMER_GUIDES: Basis =
    Basis::third_party("the guides that other partners of Ashby's have for their customers");

pub const DESCRIPTOR: Descriptor = Descriptor {
    key: "ashby",
    name: "Ashby",
    // Ashby has one assessment activity, which it offers for skills tests, background and reference checks.
    categories: &Category::ALL,
    auth_types: &[AuthType::PartnerApi, AuthType::PublicAndPartnerApi],
    token_in: TokenIn::BasicUserOrPassword,
    credential_fields: &[
        CredentialField {
            name: "api_key",
            label: "Ashby API key",
            holder: Holder::Customer,
            kind: CredentialKind::Secret,
            required: true,
            pattern: Some("^[!-9;-~]+$"),
            default: None,
            found_at: "In Ashby under Admin > Integrations > API Keys: a new key with the permission candidatesWrite.",
            basis: PARTNER_API,
        },
        CredentialField {
            name: "api_url",
            label: "Base URL of Ashby's API",
            holder: Holder::Vendor,
            kind: CredentialKind::Url,
            required: true,
            pattern: None,
            default: Some("https://api.ashbyhq.com"),
            found_at: "Only to be set for a sandbox of Ashby's.",
            basis: PARTNER_API,
        },
        CredentialField {
            name: "user_agent",
            label: "User-Agent",
            holder: Holder::Vendor,
            kind: CredentialKind::Text,
            required: true,
            pattern: Some("^[!-~]([ -~]*[!-~])?$"),
            default: Some(concat!("Crosscheck/", env!("CARGO_PKG_VERSION"))),
            found_at: "How calls to Ashby name themselves; without a name they are turned away with 403.",
            basis: IMPLEMENTER,
        },
    ],
    operations: &[
        Operation {
            name: "assessment.list",
            method: "POST",
            path: "assessment.list",
            purpose: "Asks what can be started.",
            basis: PARTNER_API,
        },
        Operation {
            name: "assessment.start",
            method: "POST",
            path: "assessment.start",
            purpose: "Places an order. The message of a 422 is shown to the recruiter.",
            basis: PARTNER_API,
        },
        Operation {
            name: "assessment.cancel",
            method: "POST",
            path: "assessment.cancel",
            purpose: "Calls an order off, because the recruiter did.",
            basis: PARTNER_API,
        },
        Operation {
            name: "assessment.customField.list",
            method: "POST",
            path: "assessment.customField.list",
            purpose: "Asks what the recruiter may fill in: the parameters of the packages. Ashby has to enable it.",
            basis: PARTNER_API,
        },
    ],
    calls: &[OutgoingCall {
        name: "assessment.update",
        method: "POST",
        url: "{api_url}/assessment.update",
        purpose: "Says how an order stands, with each report of the vendor's.",
        basis: PARTNER_API,
    }],
    callback_hosts: &[CallbackHost {
        domain: "ashbyhq.com",
        basis: PARTNER_API,
    }],
    reads_status: false,
    told_of_placement: false,
    told_of_cancellation: false,
    result_fields: &[
        ResultField::new(
            "result.value",
            FieldKind::ResultValue,
            "Progress or outcome; absent means complete.",
            "\"Status\"; passed and failed as \"Passed\"; cancelled and expired as the reason of the cancellation",
            PARTNER_API,
        )
        .not_telling_apart(&["in_progress"]),
        ResultField::new(
            "result_url",
            FieldKind::Url,
            "The report. Ashby refuses a result without one.",
            "\"Report\", a link",
            PARTNER_API,
        )
        .required_when_complete(),
        ResultField::new(
            "score.value",
            FieldKind::Text,
            "The score: a number, or a text where it is none.",
            "The assessment's result",
            PARTNER_API,
        ),
        ResultField::new(
            "score.label",
            FieldKind::Text,
            "What is measured.",
            "The label of the result",
            PARTNER_API,
        ),
        ResultField::new(
            "score.min",
            FieldKind::Text,
            "The least possible score.",
            "\"Lowest possible score\"",
            PARTNER_API,
        ),
        ResultField::new(
            "score.max",
            FieldKind::Text,
            "The most possible score.",
            "\"Highest possible score\"",
            PARTNER_API,
        ),
        ResultField::new(
            "start_date",
            FieldKind::DateTime,
            "When the candidate began.",
            "\"Started at\", and \"Duration in minutes\" where both dates are known",
            PARTNER_API,
        ),
        ResultField::new(
            "submission_date",
            FieldKind::DateTime,
            "When the candidate was done.",
            "\"Submitted at\"",
            PARTNER_API,
        ),
        ResultField::new(
            "summary",
            FieldKind::Text,
            "Notes for the recruiter; the reason, where the order is cancelled or expired.",
            "\"Summary\"",
            PARTNER_API,
        ),
        ResultField::new(
            "attachments",
            FieldKind::Attachments,
            "Further documents.",
            "\"Attachment 1\", ..., links",
            PARTNER_API,
        ),
    ],
    set_up: &[],
    assumptions: &[
        Assumption {
            what: "Ashby calls us with the trigger token as HTTP Basic user name; the password is taken as well.",
            basis: IMPLEMENTER,
            configured_by: None,
        },
        Assumption {
            what: "Calls need an explicit User-Agent.",
            basis: IMPLEMENTER,
            configured_by: Some("user_agent"),
        },
        Assumption {
            what: "The timestamps of an assessment's updates strictly increase.",
            basis: IMPLEMENTER,
            configured_by: None,
        },
        Assumption {
            what: "assessment.start is repeated when its answer got lost: the same application, assessment, candidate, e-mail, job and additional fields are the same order while it is open; a different request for that application and assessment is answered 409.",
            basis: Basis::assumed("the documents have a 409 for a candidate who is being assessed; implementers repeat on application and assessment"),
            configured_by: None,
        },
        Assumption {
            what: "\"Started\" is the one status with a meaning of its own; any other text is only shown.",
            basis: PARTNER_API,
            configured_by: None,
        },
    ],
    setup_steps: &[
        "Once, as the vendor: become an assessment partner of Ashby's and give them your base URL, which is what stands before the operation in your integration's endpoint_urls.",
        "For each customer: create secrets and send the secretKey to the customer, who enters it in Ashby as your API key.",
        "The customer: under Admin > Integrations > API Keys, make a key with the permission candidatesWrite, and give it to you; store it as the account's credential api_key.",
        "The customer: add an assessment activity to the job's interview plan.",
    ],
    customer_steps: &[
        CustomerStep {
            by: StepBy::Customer,
            title: "Enable the integration",
            text: "In Ashby, go to Admin > Integrations, find {vendor}, and enable it. You need to be an organization admin.",
            needs: StepNeeds::Nothing,
            basis: CUSTOMER_GUIDES,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Enter the token there",
            text: "In the settings of the integration, enter this token as the API key of {vendor}, and choose Update.",
            needs: StepNeeds::TriggerToken,
            basis: CUSTOMER_GUIDES,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Make an Ashby API key, and enter it here",
            text: "With this key {vendor} can put results on your candidates. Ashby shows a new key only once, so copy it at once.",
            needs: StepNeeds::Credentials,
            basis: PARTNER_API,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Add it to a job",
            text: "In Ashby, open the interview plan of a job, and add an assessment activity with {vendor}.",
            needs: StepNeeds::Nothing,
            basis: PARTNER_API,
        },
    ],
};
