//! One play of everything that the people of an ATS and the vendor do, so that the journal has every call.

use super::{Order, Scene};
use serde_json::Value;

impl Scene {
    /// Two orders: one is sent twice and completed, the other is cancelled where the ATS can. Returns the first.
    pub async fn play_out(&self) -> Order {
        self.dialog().await;
        let order = self.order().await;
        let path = format!("/orders/{}/resend", order.theirs);
        let (status, answer) = self.act("POST", &path, &Value::Null).await;
        assert_eq!(status, 200, "the order is sent again: {answer}");
        for value in ["initiated", "in_progress"] {
            self.report(&order, &self.progress(value), 200).await;
            self.settled(&order).await;
        }
        self.report(&order, &Self::everything(), 200).await;
        self.settled(&order).await;
        self.view_until(&order, "a complete result", |view| view["complete"] == true)
            .await;
        let other = self.order().await;
        self.cancel(&other).await;
        order
    }

    /// The ATS's user cancels. False where its ATS has no such thing.
    pub async fn cancel(&self, order: &Order) -> bool {
        let path = format!("/orders/{}/cancel", order.theirs);
        let (status, answer) = self.act("POST", &path, &Value::Null).await;
        assert!(
            [200, 501].contains(&status),
            "an open order can be cancelled, got {status}: {answer}"
        );
        status == 200
    }
}
