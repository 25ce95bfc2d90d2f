//! A Redis server (or a sentinel) of its own, on a port of its own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub(super) struct Server {
    child: Child,
    folder: TempDir,
    port: u16,
    options: Vec<String>,
}

impl Server {
    /// Starts one with these options (`--name value`), and waits until it listens.
    pub(super) fn start(options: &[&str]) -> Self {
        let port = free_port();
        let mut all = vec!["--port".to_owned(), port.to_string()];
        all.extend(options.iter().map(ToString::to_string));
        Self::run(port, all)
    }

    /// Starts one that listens for TLS only.
    pub(super) fn start_tls(certificate: &str, key: &str) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let file = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file.display().to_string()
        };
        let options = format!(
            "--port 0 --tls-port {port} --tls-auth-clients no --tls-cert-file {} --tls-key-file {}",
            file("certificate.pem", certificate),
            file("key.pem", key),
        );
        Self::run_in(
            folder,
            port,
            options.split(' ').map(str::to_owned).collect(),
        )
    }

    /// Starts a sentinel that alone decides about a master, half a second after it fell silent.
    pub(super) fn start_sentinel(master: &Self) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let file = folder.path().join("sentinel.conf");
        let text = format!(
            "port {port}\nsentinel monitor gateway 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds gateway 500\nsentinel failover-timeout gateway 4000\n",
            master.port
        );
        std::fs::write(&file, text).unwrap();
        let options = vec![file.display().to_string(), "--sentinel".to_owned()];
        Self::run_in(folder, port, options)
    }

    fn run(port: u16, options: Vec<String>) -> Self {
        Self::run_in(tempfile::tempdir().unwrap(), port, options)
    }

    fn run_in(folder: TempDir, port: u16, options: Vec<String>) -> Self {
        let child = spawn(&folder, &options);
        let server = Self {
            child,
            folder,
            port,
            options,
        };
        server.wait();
        server
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// A connection for what no client of ours would do.
    pub(super) async fn admin(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.address()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Ends it as a loss of power would.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, on what it had saved.
    pub(super) fn restart(&mut self) {
        self.child = spawn(&self.folder, &self.options);
        self.wait();
    }

    /// Makes it silent without ending it, or lets it go on.
    pub(super) fn signal(&self, name: &str) {
        let signal = format!("-{name}");
        let done = Command::new("kill")
            .args([signal, self.child.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }

    fn wait(&self) {
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not listen");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn spawn(folder: &TempDir, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    // A file of settings comes first.
    command.args(options).arg("--dir").arg(folder.path());
    command.args(["--bind", "127.0.0.1"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("redis-server is installed")
}

pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
