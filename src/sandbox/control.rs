//! The control routes: what the people of a simulated ATS do, in the same words for every ATS.
//!
//! | route | what happens |
//! |---|---|
//! | `PUT /control/partner` | the partner is entered: [`PartnerForm`] |
//! | `POST /control/dialog` | the recruiter opens the dialog, and sees [`Dialog`] |
//! | `POST /control/orders` | the recruiter orders: [`OrderForm`]; the answer has the ATS's `id` and the partner's `order` |
//! | `POST /control/orders/{id}/resend` | the same is sent again |
//! | `POST /control/orders/{id}/cancel` | the user cancels |
//! | `GET /control/orders/{id}` | the recruiter looks: [`View`](super::view::View) |
//! | `PUT /control/faults` | the partner's next calls get another answer: [`FaultForm`] |
//! | `GET /control/exchanges` | what was said in both directions: [`Exchanged`](super::journal::Exchanged) |
//!
//! What cannot be done is answered as [`Refusal`] says: the ATS's own reason, or the partner's status and words.

use super::ats::{Ats, Site};
use super::faults::FaultForm;
use super::forms::{OrderForm, PartnerForm};
use super::journal;
use super::refusal::Refusal;
use super::view::Dialog;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path, ServiceConfig, get, post, put};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

/// All of them.
pub fn routes<A: Ats>(app: &mut ServiceConfig) {
    app.route("/control/partner", put().to(enter_partner::<A>))
        .route("/control/dialog", post().to(open_dialog::<A>))
        .route("/control/orders", post().to(order::<A>))
        .route("/control/orders/{id}", get().to(show::<A>))
        .route("/control/orders/{id}/resend", post().to(resend::<A>))
        .route("/control/orders/{id}/cancel", post().to(cancel::<A>))
        .route("/control/faults", put().to(set_faults::<A>))
        .route("/control/exchanges", get().to(journal::show));
}

async fn enter_partner<A: Ats>(
    site: Data<Site<A>>,
    form: Json<PartnerForm>,
) -> Result<HttpResponse, Refusal> {
    let form = form.into_inner();
    form.check()
        .and_then(|()| site.memory().enter_partner(form))
        .map_err(Refusal::bad_form)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn open_dialog<A: Ats>(site: Data<Site<A>>) -> Result<Json<Dialog>, Refusal> {
    A::open_dialog(&site).await.map(Json)
}

async fn order<A: Ats>(site: Data<Site<A>>, form: Json<OrderForm>) -> Result<HttpResponse, Refusal> {
    let placed = site.memory().place(&site.url, form.into_inner());
    Ok(deliver(&site, &placed?).await)
}

async fn resend<A: Ats>(site: Data<Site<A>>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    known(&site, &id)?;
    Ok(deliver(&site, &id).await)
}

/// Sends an order and answers what the partner made of it. Whatever that is, `Location` names the order.
async fn deliver<A: Ats>(site: &Data<Site<A>>, id: &str) -> HttpResponse {
    let mut answer = match A::send(site, id).await {
        Ok(order) => HttpResponse::Ok().json(json!({"id": id, "order": order})),
        Err(refusal) => refusal.error_response(),
    };
    if let Ok(location) = format!("/control/orders/{id}").parse() {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

async fn cancel<A: Ats>(site: Data<Site<A>>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    known(&site, &id)?;
    A::cancel(&site, &id).await?;
    show(site, id).await
}

async fn show<A: Ats>(site: Data<Site<A>>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let view = site.memory().view(&id).ok_or_else(Refusal::no_such_order)?;
    Ok(HttpResponse::Ok().json(view))
}

async fn set_faults<A: Ats>(site: Data<Site<A>>, form: Json<FaultForm>) -> Result<HttpResponse, Refusal> {
    site.faults.set(form.into_inner()).map_err(Refusal::bad_form)?;
    Ok(HttpResponse::NoContent().finish())
}

fn known<A: Ats>(site: &Site<A>, id: &str) -> Result<(), Refusal> {
    site.memory()
        .view(id)
        .map(|_| ())
        .ok_or_else(Refusal::no_such_order)
}
