//! Real directories, streams, terminals and clocks, as handles.
