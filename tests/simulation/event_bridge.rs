//! Brings pushed events to the daemon like EventBridge: some are lost, doubled or late, in any order.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use slipway::aws::{Clients, provision::Provision};
use tokio::task::JoinHandle;

use crate::wire::Wires;

/// Forwards build events to the daemon's queue until the task is aborted.
pub(crate) fn forward(clients: &Clients, provision: &Provision, wires: &Arc<Wires>) -> JoinHandle<()> {
    let (clients, wires) = (clients.clone(), Arc::clone(wires));
    let raw = clients.queue(&provision.build_events.replace("slipway-build-events", "raw-events"));
    let target = provision.build_events.clone();
    #[expect(clippy::disallowed_methods, reason = "the simulation's own task")]
    tokio::spawn(async move {
        loop {
            for delivery in raw.receive(10, Duration::from_mins(1), Duration::from_secs(20)).await.unwrap() {
                raw.delete(&delivery.receipt).await.unwrap();
                let bad = wires.weather().bad_events;
                let copies = if wires.draw(bad) { wires.seconds(2).as_secs() } else { 1 };
                for _ in 0..copies {
                    let (queue, wires, body) = (clients.queue(&target), Arc::clone(&wires), delivery.body.clone());
                    let late = if wires.draw(bad) { wires.seconds(600) } else { Duration::ZERO };
                    #[expect(clippy::disallowed_methods, reason = "the simulation's own task")]
                    tokio::spawn(async move {
                        tokio::time::sleep(late).await;
                        queue.send(&body, &BTreeMap::new()).await.map(drop).unwrap_or_default();
                    });
                }
            }
        }
    })
}
