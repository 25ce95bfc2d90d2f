//! What the operating system counts about a process.

use std::fs;
use std::time::Duration;

/// Length of a tick in `/proc/<pid>/stat`: `USER_HZ`, 100 on every Linux of the last decades.
const TICK: Duration = Duration::from_millis(10);

/// Processor time that a process used so far (proc(5), `utime` and `stime`).
#[derive(Clone, Copy)]
pub(super) struct ProcessorTime {
    pub(super) user: Duration,
    pub(super) kernel: Duration,
}

impl ProcessorTime {
    pub(super) fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, after_name) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |field: usize| TICK * fields[field].parse::<u32>().unwrap();
        Self {
            user: ticks(11), // the 14th field of the line
            kernel: ticks(12),
        }
    }

    /// What it used since.
    pub(super) fn since(self, began: Self) -> Self {
        Self {
            user: self.user.saturating_sub(began.user),
            kernel: self.kernel.saturating_sub(began.kernel),
        }
    }

    pub(super) fn sum(self) -> Duration {
        self.user + self.kernel
    }
}

/// Memory of a process that is in RAM, in MiB (proc(5), `VmRSS`).
pub(super) fn resident_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() / 1024
}
