//! The ledger of this machine: journal, then store.
