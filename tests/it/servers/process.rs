//! Child processes that end with their owner, and ports that stay theirs.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::until;

/// A TCP port of the loopback that belongs to one server, also while that server is down.
///
/// The socket is bound and never listens. So nobody else is given the number, whoever connects
/// meanwhile is refused, and a server that sets `SO_REUSEADDR`, as all of ours do, binds beside it.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    _kept: TcpSocket,
}

impl Port {
    pub(crate) fn free() -> Self {
        let kept = bound(0);
        let number = kept.local_addr().unwrap().port();
        Self {
            number,
            _kept: kept,
        }
    }

    /// A second socket on it, to listen.
    pub(super) fn socket(&self) -> TcpSocket {
        bound(self.number)
    }
}

fn bound(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

/// A user other than the one who runs the tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

/// PostgreSQL refuses to run as root; its Debian package brings a user for it.
pub(super) fn postgres_account() -> Option<Account> {
    static ACCOUNT: LazyLock<Option<Account>> = LazyLock::new(|| {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let mut users = users
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let user = users
            .find(|user| user[0] == "postgres")
            .expect("there is no user postgres: install the Debian package postgresql");
        Some(Account {
            uid: user[2].parse().unwrap(),
            gid: user[3].parse().unwrap(),
        })
    });
    *ACCOUNT
}

/// A program of a Debian package.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    account: Option<Account>,
    /// The signal that ends it and all its children at once.
    end: &'static str,
}

impl Program {
    /// Looks in `folders`, then on the path.
    pub(super) fn find(
        name: &str,
        folders: &[PathBuf],
        package: &str,
        account: Option<Account>,
        end: &'static str,
    ) -> Self {
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let path = folders
            .iter()
            .cloned()
            .chain(std::env::split_paths(&on_path))
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("{name} is missing: install the Debian package {package}"));
        Self { path, account, end }
    }

    /// A temporary folder that it can write.
    pub(super) fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.give(folder.path());
        folder
    }

    /// Makes a file or folder its own.
    pub(super) fn give(&self, path: &Path) {
        if let Some(Account { uid, gid }) = self.account {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
    }

    /// Runs it to its end, which must be good.
    pub(super) async fn run(&self, folder: &Path, arguments: &[String]) {
        let mut command = tokio::process::Command::from(self.command(folder, arguments));
        let output = command.kill_on_drop(true).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", self.path.display());
    }

    /// Starts it and returns when `is_ready`, given its process id and what it printed.
    pub(super) async fn start(
        &self,
        folder: &Path,
        arguments: &[String],
        is_ready: impl Fn(u32, &str) -> bool,
    ) -> Process {
        let log = folder.join("log");
        let output = File::create(&log).unwrap();
        let child = self
            .command(folder, arguments)
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut process = Process {
            child,
            end: self.end,
        };
        until("a server is ready", async || {
            let said = fs::read_to_string(&log).unwrap();
            let name = self.path.display();
            assert!(!process.has_ended(), "{name} did not start: {said}");
            is_ready(process.child.id(), &said)
        })
        .await;
        process
    }

    /// Away from the settings of who runs the tests.
    ///
    /// The kernel ends it with the thread that starts it, because a test process that is killed
    /// drops nothing. A server is started in the test's own thread, not in one that ends earlier.
    fn command(&self, folder: &Path, arguments: &[String]) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", self.end]);
        if let Some(Account { uid, gid }) = self.account {
            command.arg(format!("--reuid={uid}"));
            command.arg(format!("--regid={gid}"));
            command.arg("--clear-groups");
        }
        command
            .arg("--")
            .arg(&self.path)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(folder)
            .stdin(Stdio::null());
        command
    }
}

/// A server under way.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    end: &'static str,
}

impl Process {
    /// Ends it at once: nothing is finished, nothing saved.
    pub(super) async fn kill(mut self) {
        self.ask_to_end();
        until("a server has ended", async || self.has_ended()).await;
    }

    /// Gives it and its children no processor time until [`Self::resume`]. Their sockets stay.
    pub(super) fn pause(&self) {
        signal("STOP", &[self.child.id()]);
        // It is stopped: these are all the children it has.
        signal("STOP", &self.children());
    }

    pub(super) fn resume(&self) {
        signal("CONT", &self.children());
        signal("CONT", &[self.child.id()]);
    }

    fn children(&self) -> Vec<u32> {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        children
            .split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect()
    }

    /// One that is paused hears of it too.
    fn ask_to_end(&mut self) {
        if !self.has_ended() {
            signal(self.end, &[self.child.id()]);
            self.resume();
        }
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.ask_to_end();
        let began = Instant::now();
        while !self.has_ended() && began.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// By the shell, whose `kill` needs no package.
fn signal(name: &str, ids: &[u32]) {
    let _ = Command::new("sh")
        .args(["-c", r#"for id; do kill -s "$0" "$id"; done"#, name])
        .args(ids.iter().map(u32::to_string))
        .stderr(Stdio::null()) // one that has ended meanwhile
        .status();
}
