//! Networks of the host, as far as a guest is granted them: [`Grant`] is one of `--net`'s words, and [`HostNetwork`] has the
//! host's sockets, each behind one of the guest's.

mod address;
mod grant;
mod listener;
mod messages;
mod reactor;
mod rules;
mod stream;

pub use grant::{Grant, NotAGrant};
pub use reactor::HostNetwork;
pub use rules::Unusable;

use vfs::Errno;

/// The guest's word for an error of the host's.
fn errno(error: rustix::io::Errno) -> Errno {
    u16::try_from(error.raw_os_error()).ok().and_then(Errno::from_number).unwrap_or(Errno::EIO)
}
