//! One binary for all integration tests: what the SDK costs to link is paid once.

mod carry;
mod command;
mod corpus;
mod cost;
mod demo;
mod follow;
mod hostile;
mod layers;
mod logs;
mod outage;
mod permissions;
mod publish;
mod reject;
mod survive;
mod world;
