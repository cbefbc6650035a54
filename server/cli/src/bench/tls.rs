//! The peer of the channel: plain rustls over the same kind of socket.

use super::duo::{End, sockets};
use anyhow::{Context as _, bail};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

/// A TLS end on a blocking socket.
pub(crate) struct Tls {
    connection: Connection,
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Tls {
    fn new(connection: Connection, socket: TcpStream) -> Self {
        Self {
            connection,
            socket,
            buffer: vec![0; 64 * 1024],
        }
    }

    fn push(&mut self) -> anyhow::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    fn handshake(&mut self) -> anyhow::Result<()> {
        while self.connection.is_handshaking() {
            self.connection.complete_io(&mut self.socket)?;
        }
        self.push()
    }
}

impl End for Tls {
    fn send(&mut self, mut payload: &[u8]) -> anyhow::Result<()> {
        while !payload.is_empty() {
            let taken = self.connection.writer().write(payload)?;
            payload = &payload[taken..];
            self.push()?;
        }
        Ok(())
    }

    fn ask(&mut self, bytes: usize) -> anyhow::Result<()> {
        self.send(&vec![0; bytes])
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.push()
    }

    fn receive(&mut self) -> anyhow::Result<usize> {
        loop {
            match self.connection.reader().read(&mut self.buffer) {
                Ok(0) => bail!("plain TLS: the other end closed"),
                Ok(read) => return Ok(read),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => return Err(e.into()),
            }
            if self.connection.read_tls(&mut self.socket)? == 0 {
                bail!("plain TLS: the socket closed");
            }
            self.connection.process_new_packets()?;
        }
    }
}

/// Two connected ends, handshake done: (server, client).
pub(crate) fn connect(
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> anyhow::Result<(Tls, Tls)> {
    let (server_socket, client_socket) = sockets()?;
    let server = ServerConnection::new(server).context("plain TLS: server")?;
    let client = ClientConnection::new(client, name).context("plain TLS: client")?;
    let mut server = Tls::new(server.into(), server_socket);
    let mut client = Tls::new(client.into(), client_socket);
    std::thread::scope(|scope| {
        let accepting = scope.spawn(|| server.handshake());
        let connected = client.handshake();
        match accepting.join() {
            Ok(accepted) => accepted.and(connected),
            Err(_) => bail!("the accepting thread panicked"),
        }
    })
    .context("plain TLS: handshake")?;
    Ok((server, client))
}
