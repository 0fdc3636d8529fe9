//! What Recruitee can do, and where its users see a result.

use crate::domain::account::AuthType;
use crate::domain::category::Category;
use crate::providers::authorization::TokenIn;
use crate::providers::descriptor::{
    Assumption, Basis, CallbackHost, CredentialField, CredentialKind, CustomerStep, Descriptor, FieldKind,
    Holder, Operation, OutgoingCall, ResultField, SetUpInput, SetUpStep, StepBy, StepNeeds,
};

/// The credential that says whether reports get a link with which the user can cancel.
pub const CANCEL_LINK: &str = "cancel_link";
/// The credential that says under which key of a report's `urls` the result's URL goes.
pub const REPORT_URL_KEY: &str = "report_url_key";
/// The credential that says which form a report's `properties` have.
pub const PROPERTIES_FORM: &str = "properties_form";

const CONCEPTS: Basis = Basis::documented(
    "Recruitee, Partners API Concepts (docs.recruitee.com/reference/partners-api-concepts)",
);
const SENDING: Basis =
    Basis::documented("Recruitee, Sending candidates (docs.recruitee.com/reference/sending-candidates)");
const REPORTS: Basis = Basis::documented("Recruitee, Reports (docs.recruitee.com/reference/reports)");
const ONLY_NAMED: Basis = Basis::assumed(
    "Recruitee's Reports page names it without an example; the report object is not documented",
);

const ASSESSMENTS: &[Category] = &[Category::Assessments];

const API_TOKEN: SetUpInput = SetUpInput {
    name: "api_token",
    required: true,
    description: "A personal API token of Recruitee's RC environment (Settings > Apps and plugins > Personal API tokens).",
};
const COMPANY_ID: SetUpInput = SetUpInput {
    name: "company_id",
    required: true,
    description: "The id of your own company in RC.",
};
const DESCRIPTION: SetUpInput = SetUpInput {
    name: "description",
    required: false,
    description: "What customers read about your service.",
};

const fn credential(
    name: &'static str,
    label: &'static str,
    kind: CredentialKind,
    found_at: &'static str,
    basis: Basis,
) -> CredentialField {
    CredentialField {
        name,
        label,
        holder: Holder::Vendor,
        kind,
        required: true,
        pattern: None,
        default: None,
        found_at,
        basis,
    }
}

const fn report_field(
    name: &'static str,
    kind: FieldKind,
    description: &'static str,
    shown_as: &'static str,
) -> ResultField {
    ResultField::new(name, kind, description, shown_as, REPORTS)
}

pub const DESCRIPTOR: Descriptor = Descriptor {
    key: "recruitee",
    name: "Recruitee",
    // One protocol for the three kinds of partner; only the labels that users read differ.
    categories: &Category::ALL,
    auth_types: &[AuthType::PartnerApi, AuthType::PublicAndPartnerApi],
    token_in: TokenIn::Bearer,
    credential_fields: &[
        CredentialField {
            pattern: Some("^[A-Za-z0-9_-]+$"),
            ..credential(
                "codename",
                "Codename of your partner",
                CredentialKind::Text,
                "Agreed with Recruitee when you register as a partner.",
                CONCEPTS,
            )
        },
        CredentialField {
            pattern: Some("^[!-~]+$"),
            ..credential(
                "partner_secret",
                "Secret of your partner",
                CredentialKind::Secret,
                "The set-up steps create_partner, read_partner and regenerate_secret store it.",
                CONCEPTS,
            )
        },
        CredentialField {
            default: Some("https://integrations.recruitee.com/api"),
            ..credential(
                "api_url",
                "Base URL of Recruitee's Partners API",
                CredentialKind::Url,
                "https://integrations.rc.recruitee.dev/api while you build and register; production is the default.",
                CONCEPTS,
            )
        },
        CredentialField {
            pattern: Some("^(on|off)$"),
            default: Some("on"),
            ..credential(
                CANCEL_LINK,
                "Let users cancel from Recruitee",
                CredentialKind::Text,
                "on: each open report gets urls.cancel; off: none.",
                ONLY_NAMED,
            )
        },
        CredentialField {
            pattern: Some("^[a-z_]+$"),
            default: Some("report"),
            ..credential(
                REPORT_URL_KEY,
                "Key of the result's URL in a report's urls",
                CredentialKind::Text,
                "To be changed only if Recruitee tells you another key.",
                ONLY_NAMED,
            )
        },
        CredentialField {
            pattern: Some("^(list|object|off)$"),
            default: Some("list"),
            ..credential(
                PROPERTIES_FORM,
                "Form of a report's properties",
                CredentialKind::Text,
                "list: [{name, value}]; object: {name: value}; off: none are sent.",
                ONLY_NAMED,
            )
        },
    ],
    operations: &[
        Operation {
            name: "tests",
            method: "GET",
            path: "tests",
            purpose: "Asks what can be sent.",
            basis: SENDING,
        },
        Operation {
            name: "send_candidate",
            method: "POST",
            path: "send_candidate",
            purpose: "Places an order. The error of a 4xx is shown to the user.",
            basis: SENDING,
        },
        Operation {
            name: "cancel",
            method: "POST",
            path: "reports/{report_id}/cancel",
            purpose: "Calls an order off, because the user did. We put this URL on each report.",
            basis: ONLY_NAMED,
        },
    ],
    calls: &[
        OutgoingCall {
            name: "report",
            method: "PATCH",
            url: "{api_url}/p/{codename}/reports/{report_id}",
            purpose: "Puts the link to cancel on a fresh report, and then says how the order stands.",
            basis: REPORTS,
        },
        OutgoingCall {
            name: "create_partner",
            method: "POST",
            url: "{api_url}/p/{codename}/c/{company_id}/partner",
            purpose: "Makes your partner.",
            basis: CONCEPTS,
        },
        OutgoingCall {
            name: "update_partner",
            method: "PATCH",
            url: "{api_url}/p/{codename}/c/{company_id}/partner",
            purpose: "Changes your partner.",
            basis: CONCEPTS,
        },
        OutgoingCall {
            name: "read_partner",
            method: "GET",
            url: "{api_url}/p/{codename}/c/{company_id}/partner",
            purpose: "Reads your partner.",
            basis: CONCEPTS,
        },
        OutgoingCall {
            name: "regenerate_secret",
            method: "POST",
            url: "{api_url}/p/{codename}/partner/regenerate-secret",
            purpose: "Renews the partner's secret.",
            basis: CONCEPTS,
        },
    ],
    // Not recruitee.com as a whole: its customers have names of their own under it.
    callback_hosts: &[
        CallbackHost {
            domain: "integrations.recruitee.com",
            basis: CONCEPTS,
        },
        CallbackHost {
            domain: "integrations.rc.recruitee.dev",
            basis: CONCEPTS,
        },
    ],
    reads_status: false,
    told_of_placement: true,
    told_of_cancellation: true,
    result_fields: &[
        report_field(
            "result.value",
            FieldKind::ResultValue,
            "Progress or outcome; absent means complete.",
            "The report's status: sent, completed, failed or canceled",
        )
        .not_telling_apart(&["initiated", "in_progress", "passed", "expired"]),
        ResultField::new(
            "result_url",
            FieldKind::Url,
            "The report at yours.",
            "A link on the report",
            ONLY_NAMED,
        ),
        report_field(
            "score.value",
            FieldKind::Text,
            "The score as it is to be read: 10, 76%, 12/15, a word.",
            "The report's score",
        ),
        report_field(
            "score.max",
            FieldKind::Text,
            "The most possible score; makes a fraction of a number.",
            "The report's score: 12/15",
        ),
        report_field(
            "submission_date",
            FieldKind::DateTime,
            "When the candidate was done.",
            "When the report was completed",
        ),
        report_field(
            "summary",
            FieldKind::Text,
            "Notes for the user.",
            "The report's subtitle",
        )
        .only_for(ASSESSMENTS),
        ResultField::new(
            "start_date",
            FieldKind::DateTime,
            "When the candidate began.",
            "\"Started at\" among the report's properties",
            ONLY_NAMED,
        )
        .only_for(ASSESSMENTS),
        ResultField::new(
            "attachments",
            FieldKind::Attachments,
            "Further documents.",
            "\"Attachment 1\", ... among the report's properties",
            ONLY_NAMED,
        )
        .only_for(ASSESSMENTS),
    ],
    set_up: &[
        SetUpStep {
            name: "create_partner",
            purpose: "Makes your partner in Recruitee, with the integration's URLs and the kind of its category.",
            inputs: &[
                API_TOKEN,
                COMPANY_ID,
                SetUpInput {
                    name: "name",
                    required: true,
                    description: "What customers read as your name.",
                },
                DESCRIPTION,
            ],
            sets: &["partner_secret"],
            basis: Basis::assumed("the route is documented, its body only in parts"),
        },
        SetUpStep {
            name: "update_partner",
            purpose: "Gives your partner the integration's URLs anew, and a name or description where they are given.",
            inputs: &[
                API_TOKEN,
                COMPANY_ID,
                SetUpInput {
                    name: "name",
                    required: false,
                    description: "What customers read as your name.",
                },
                DESCRIPTION,
            ],
            sets: &["partner_secret"],
            basis: Basis::assumed("the route is documented, its body only in parts"),
        },
        SetUpStep {
            name: "read_partner",
            purpose: "Reads your partner, and stores its secret again should it have been lost.",
            inputs: &[API_TOKEN, COMPANY_ID],
            sets: &["partner_secret"],
            basis: CONCEPTS,
        },
        SetUpStep {
            name: "regenerate_secret",
            purpose: "Renews the partner's secret; the old one then opens nothing.",
            inputs: &[],
            sets: &["partner_secret"],
            basis: CONCEPTS,
        },
    ],
    assumptions: &[
        Assumption {
            what: "Each open report gets urls.cancel, which Recruitee calls by POST with the customer's token when the user cancels.",
            basis: ONLY_NAMED,
            configured_by: Some(CANCEL_LINK),
        },
        Assumption {
            what: "The result's URL goes under the key report of a report's urls.",
            basis: ONLY_NAMED,
            configured_by: Some(REPORT_URL_KEY),
        },
        Assumption {
            what: "A report's properties are a list of {name, value}.",
            basis: ONLY_NAMED,
            configured_by: Some(PROPERTIES_FORM),
        },
        Assumption {
            what: "A test's id may be any text: Recruitee sends it back as text.",
            basis: SENDING,
            configured_by: None,
        },
        Assumption {
            what: "The partner's object carries its secret, at the top or in partner.",
            basis: Basis::assumed("the documents speak of partner.secret"),
            configured_by: None,
        },
    ],
    setup_steps: &[
        "Once, as the vendor: register as a technology partner of Recruitee's and agree on a codename; store it as the integration's credential codename.",
        "Once, as the vendor: set the credential api_url to https://integrations.rc.recruitee.dev/api, then take the set-up step create_partner (POST /integrations/{id}/set_up/create_partner, or crosscheck set-up).",
        "Once, as the vendor: ask Recruitee to promote the partner to production, clear api_url, and store the production secret as partner_secret.",
        "For each customer: create secrets and give the secretKey to the customer.",
        "The customer: under Settings > Apps and plugins, enable your integration and paste the secretKey as its token.",
    ],
    customer_steps: &[
        CustomerStep {
            by: StepBy::Customer,
            title: "Enable the integration",
            text: "In Recruitee, go to Settings > Apps and plugins, find {vendor}, and enable it. You need to be an admin.",
            needs: StepNeeds::Nothing,
            basis: CONCEPTS,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Enter the token there",
            text: "Recruitee asks for a token. Enter this one, and save.",
            needs: StepNeeds::TriggerToken,
            basis: CONCEPTS,
        },
        CustomerStep {
            by: StepBy::Customer,
            title: "Send a first candidate",
            text: "Open a candidate in Recruitee, and send it to {vendor}. That is how your team will do it from now on.",
            needs: StepNeeds::Nothing,
            basis: SENDING,
        },
    ],
};
