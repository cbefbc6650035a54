//! The server of a card and its clients: good ones, bad ones, several, none.

mod function;
mod hostile;
mod stand;
