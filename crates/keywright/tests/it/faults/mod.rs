//! The world breaks around the product: killed and stopped processes, full and foreign disks, a database that is away, stores that went back.

mod askers;
mod backup;
mod disk;
pub(crate) mod kit;
mod load;
mod opening;
mod outage;
mod pause;
mod rewind;
mod roles;
mod storm;
