//! What ATSs call.

pub mod external_trigger;
