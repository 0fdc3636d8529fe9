//! A way to the database that can be made to fail: a TCP proxy on a thread of its own.

use std::net::{SocketAddr, TcpListener as Listener};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What is wrong with the way, for the connections that there are and for new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every connection is reset, a new one at once.
    Cut,
    /// Once so many more bytes went from that side, every connection is reset; after that all is well.
    CutAfter(Side, usize),
    /// The server does what it is told by these words of a client, and its answer is lost with the connection;
    /// after that all is well.
    CutAnswerTo(&'static str),
    /// Whatever is said takes so long.
    Delay(Duration),
    /// Whatever is said vanishes, and nobody is told. A connection that has lost something this way never says
    /// anything again.
    Silence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// The proxy; the way ends with it.
pub struct TcpProxy {
    pub address: SocketAddr,
    fault: watch::Sender<Fault>,
}

impl TcpProxy {
    /// Leads to `server`.
    pub fn to(server: SocketAddr) -> Self {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (fault, told) = watch::channel(Fault::None);
        let faults = fault.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(accept(listener, server, faults, told));
        });
        Self { address, fault }
    }

    /// From now on this is wrong.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Whether a fault of those that happen once has happened.
    pub fn is_well(&self) -> bool {
        *self.fault.borrow() == Fault::None
    }
}

async fn accept(
    listener: Listener,
    server: SocketAddr,
    faults: watch::Sender<Fault>,
    told: watch::Receiver<Fault>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((client, _)) = listener.accept().await {
        let (faults, told) = (faults.clone(), told.clone());
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(server).await {
                let way = Way {
                    faults,
                    awaits_answer: false,
                    is_mute: false,
                };
                way.carry(client, server, told).await;
            }
        });
    }
}

/// One connection.
struct Way {
    faults: watch::Sender<Fault>,
    awaits_answer: bool,
    is_mute: bool,
}

impl Way {
    async fn carry(mut self, mut client: TcpStream, mut server: TcpStream, mut told: watch::Receiver<Fault>) {
        let (mut said, mut answered) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        let mut last = *told.borrow_and_update();
        while last != Fault::Cut {
            let carried = tokio::select! {
                read = client.read(&mut said) => match read {
                    Ok(count @ 1..) => self.pass(Side::Client, &said[..count], &mut server).await,
                    // The client has given up.
                    _ => return,
                },
                read = server.read(&mut answered) => match read {
                    Ok(count @ 1..) => self.pass(Side::Server, &answered[..count], &mut client).await,
                    // Nobody is told of that either.
                    _ if self.is_mute || last == Fault::Silence => return swallow(client).await,
                    _ => return,
                },
                _ = told.changed() => true,
            };
            let now = *told.borrow_and_update();
            // A cut that happened on another connection is one of this connection, too.
            let was_cut = now == Fault::None && matches!(last, Fault::CutAfter(..) | Fault::CutAnswerTo(_));
            if !carried || was_cut {
                break;
            }
            last = now;
        }
        for stream in [client, server] {
            let _ = stream.set_zero_linger();
        }
    }

    /// Carries what was said to the other side. False where the connection is cut.
    async fn pass(&mut self, from: Side, said: &[u8], to: &mut TcpStream) -> bool {
        let fault = *self.faults.borrow();
        match fault {
            Fault::None => {}
            Fault::Cut => return false,
            Fault::CutAfter(side, left) if side == from => {
                if let Some(left @ 1..) = left.checked_sub(said.len()) {
                    self.faults.send_replace(Fault::CutAfter(side, left));
                } else {
                    let _ = to.write_all(&said[..left.min(said.len())]).await;
                    self.faults.send_replace(Fault::None);
                    return false;
                }
            }
            Fault::CutAfter(..) => {}
            Fault::CutAnswerTo(words) => {
                if from == Side::Server && self.awaits_answer {
                    self.faults.send_replace(Fault::None);
                    return false;
                }
                self.awaits_answer |= from == Side::Client && contains(said, words);
            }
            Fault::Delay(time) => tokio::time::sleep(time).await,
            Fault::Silence => self.is_mute = true,
        }
        self.is_mute || to.write_all(said).await.is_ok()
    }
}

/// Until the client gives up.
async fn swallow(mut client: TcpStream) {
    let mut said = vec![0; 1024];
    while let Ok(1..) = client.read(&mut said).await {}
}

fn contains(said: &[u8], words: &str) -> bool {
    said.windows(words.len()).any(|part| part == words.as_bytes())
}
