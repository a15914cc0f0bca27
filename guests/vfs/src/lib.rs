//! Files without a disk: nodes, mounts, memory, overlay, dev, proc.
