//! The tables, as the migrations make them.

diesel::table! {
    settings (name) {
        name -> Text,
        value_sealed -> Binary,
    }
}

diesel::table! {
    projects (id) {
        id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Text,
        project_id -> Text,
        name -> Text,
        key_hash -> Binary,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        scope -> Text,
        last_used_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    integrations (id) {
        id -> Text,
        project_id -> Text,
        provider -> Text,
        category -> Text,
        auth_type -> Text,
        tenant_id -> Nullable<Text>,
        package_list_url -> Nullable<Text>,
        package_list_api_key_sealed -> Nullable<Binary>,
        static_package_id -> Nullable<Text>,
        partner_username -> Nullable<Text>,
        partner_password_sealed -> Nullable<Binary>,
        signing_secret_sealed -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
        credentials_sealed -> Nullable<Binary>,
        enabled -> Bool,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        project_id -> Text,
        integration_id -> Text,
        provider -> Text,
        category -> Text,
        origin_owner_id -> Text,
        origin_owner_name -> Text,
        trigger_token_hash -> Binary,
        trigger_token_sealed -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
        credentials_sealed -> Nullable<Binary>,
        label -> Nullable<Text>,
        origin_username -> Nullable<Text>,
        #[sql_name = "type"]
        kind -> Text,
        metadata -> Nullable<Text>,
        first_call_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    packages (project_id, category, list, account_id, id) {
        project_id -> Text,
        category -> Text,
        list -> Text,
        account_id -> Text,
        id -> Text,
        position -> BigInt,
        name -> Text,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    package_uuids (project_id, category, uuid) {
        project_id -> Text,
        category -> Text,
        uuid -> Text,
        package_id -> Text,
    }
}

diesel::table! {
    own_package_lists (project_id, category, account_id) {
        project_id -> Text,
        category -> Text,
        account_id -> Text,
    }
}

diesel::table! {
    orders (id) {
        id -> Text,
        project_id -> Text,
        account_id -> Text,
        category -> Text,
        repeat_hash -> Binary,
        event_id -> Text,
        state_sealed -> Nullable<Binary>,
        status -> Text,
        outcome -> Text,
        revisions -> BigInt,
        seen_final_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        repeats_while_open -> Bool,
        conflict_hash -> Nullable<Binary>,
        cancelled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    revisions (id) {
        id -> Text,
        project_id -> Text,
        order_id -> Text,
        number -> BigInt,
        body_sealed -> Binary,
        body_hash -> Binary,
        status -> Text,
        outcome -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        project_id -> Text,
        url -> Text,
        name -> Nullable<Text>,
        events -> Text,
        categories -> Text,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        secret_sealed -> Binary,
        previous_secret_sealed -> Nullable<Binary>,
        previous_secret_until -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        schedule -> Nullable<Text>,
        in_order -> Bool,
        signatures -> Text,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        project_id -> Text,
        event_type -> Text,
        record_id -> Text,
        account_id -> Nullable<Text>,
        category -> Nullable<Text>,
        body_sealed -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> Text,
        project_id -> Text,
        kind -> Text,
        subject_id -> Text,
        target_id -> Text,
        status -> Text,
        due_at -> BigInt,
        leased_until -> Nullable<BigInt>,
        fence -> BigInt,
        claims -> BigInt,
        tries -> BigInt,
        last_status -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        lane -> Text,
        sequence -> Nullable<Text>,
        position -> Nullable<BigInt>,
        skipped -> Bool,
    }
}

diesel::table! {
    duties (name) {
        name -> Text,
        holder -> Text,
        leased_until -> BigInt,
    }
}

diesel::table! {
    request_logs (id) {
        id -> Text,
        project_id -> Text,
        direction -> Text,
        request_id -> Text,
        account_id -> Nullable<Text>,
        provider -> Nullable<Text>,
        operation -> Text,
        service -> Nullable<Text>,
        resource -> Nullable<Text>,
        sub_resource -> Nullable<Text>,
        action -> Nullable<Text>,
        method -> Nullable<Text>,
        path -> Nullable<Text>,
        url -> Nullable<Text>,
        status -> Nullable<BigInt>,
        error_code -> Nullable<Text>,
        error -> Nullable<Text>,
        order_id -> Nullable<Text>,
        job_id -> Nullable<Text>,
        fence -> Nullable<BigInt>,
        detail_sealed -> Nullable<Binary>,
        duration_ms -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> Text,
        project_id -> Text,
        key_hash -> Binary,
        fingerprint -> Binary,
        answer_sealed -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    connect_sessions (id) {
        id -> Text,
        number -> BigInt,
        project_id -> Text,
        token_hash -> Binary,
        account_id -> Nullable<Text>,
        provider -> Nullable<Text>,
        integration_id -> Nullable<Text>,
        categories -> Text,
        origin_owner_id -> Text,
        origin_owner_name -> Text,
        origin_username -> Nullable<Text>,
        label -> Nullable<Text>,
        #[sql_name = "type"]
        kind -> Text,
        metadata -> Nullable<Text>,
        trigger_token_sealed -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        opened_at -> Nullable<BigInt>,
        completed_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    projects,
    api_keys,
    integrations,
    accounts,
    packages,
    package_uuids,
    orders,
    revisions,
    webhooks,
    events,
    jobs,
    duties,
    request_logs,
    idempotency_keys,
    connect_sessions,
    own_package_lists
);
