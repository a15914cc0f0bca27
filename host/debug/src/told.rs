//! What gdb is told of the process as a whole: registers that there are, program, auxiliary vector, names of threads.

use crate::target::{Target, number, part};
use gdbstub::common::{Pid, Tid};
use gdbstub::target::ext::{auxv, exec_file, target_description_xml_override, thread_extra_info};
use gdbstub::target::{TargetError, TargetResult};
use std::convert::Infallible;

impl target_description_xml_override::TargetDescriptionXmlOverride for Target {
    fn target_description_xml(
        &self,
        annex: &[u8],
        offset: u64,
        length: usize,
        buf: &mut [u8],
    ) -> TargetResult<usize, Self> {
        let whole =
            if annex == b"target.xml" { self.description.as_bytes() } else { return Err(TargetError::NonFatal) };
        Ok(part(whole, offset, length, buf))
    }
}

impl auxv::Auxv for Target {
    fn get_auxv(&self, offset: u64, length: usize, buf: &mut [u8]) -> TargetResult<usize, Self> {
        let vector = self.link.look(|subject| subject.auxiliary_vector()).unwrap_or_default();
        Ok(part(&vector, offset, length, buf))
    }
}

impl exec_file::ExecFile for Target {
    fn get_exec_file(&self, _: Option<Pid>, offset: u64, length: usize, buf: &mut [u8]) -> TargetResult<usize, Self> {
        let path = self.link.look(|subject| subject.program()).unwrap_or_default();
        Ok(part(&path, offset, length, buf))
    }
}

impl thread_extra_info::ThreadExtraInfo for Target {
    fn thread_extra_info(&self, tid: Tid, buf: &mut [u8]) -> Result<usize, Infallible> {
        let threads = self.link.look(|subject| subject.threads()).unwrap_or_default();
        let name = threads.into_iter().find(|thread| thread.0 == number(tid)).map(|thread| thread.1);
        Ok(part(&name.unwrap_or_default(), 0, usize::MAX, buf))
    }
}
