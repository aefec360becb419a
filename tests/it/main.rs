//! One binary for all integration tests: what the SDK costs to link is paid once.

mod carry;
mod command;
mod corpus;
mod cost;
mod dead_letters;
mod demo;
mod events;
mod fifo;
mod follow;
mod hostile;
mod identity;
mod isolation;
mod layers;
mod logs;
mod outage;
mod permissions;
mod publish;
mod reads;
mod reject;
mod scheduling;
mod survive;
mod truncated;
mod wire;
mod world;
