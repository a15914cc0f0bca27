//! Where a guest finds its preopens, and where it starts: guest paths from the names that a user gave.
//!
//! An absolute name is the guest's path, as it is. `.` is the working directory, at [`WORK`], and other relative names lie in the
//! working directory, so that a relative path means to the guest what it means to the user.

/// Where `.` is: not the root, or a listing of it would show /dev and /proc.
const WORK: &[u8] = b"/work";

/// The working directory: [`WORK`] if `.` is given, else the root.
pub(crate) fn working_directory(names: &[Vec<u8>]) -> &'static [u8] {
    let is_given = names.iter().any(|name| !name.starts_with(b"/") && components(name).is_empty());
    if is_given { WORK } else { b"/" }
}

/// The absolute path of a name, without `.` and `..`; those that lead above the root stay there.
pub(crate) fn absolute(name: &[u8], directory: &[u8]) -> Vec<u8> {
    let whole = if name.starts_with(b"/") { name.to_vec() } else { [directory, b"/", name].concat() };
    let mut path = Vec::new();
    for component in components(&whole) {
        path.push(b'/');
        path.extend_from_slice(component);
    }
    if path.is_empty() { b"/".to_vec() } else { path }
}

/// What is left of a path when `.`, `..` and empty components are carried out.
fn components(path: &[u8]) -> Vec<&[u8]> {
    let mut left = Vec::new();
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => drop(left.pop()),
            name => left.push(name),
        }
    }
    left
}

/// Where the program lies in the guest, by what it was called.
pub(crate) fn program(called: &[u8]) -> Vec<u8> {
    let name = components(called).pop().unwrap_or(b"program");
    [b"/bin/", name].concat()
}

/// Makes of a module's name that of the program in it, which may do what its name says.
pub(crate) fn without_suffix(name: &mut Vec<u8>) {
    for suffix in [&b".wasm"[..], b".cwasm"] {
        if name.ends_with(suffix) && !name[..name.len() - suffix.len()].ends_with(b"/") && name.len() > suffix.len() {
            name.truncate(name.len() - suffix.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_where_users_expect() {
        let names = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        for (given, directory) in
            [(&["."][..], "/work"), (&["/tmp", "./"], "/work"), (&["/tmp", "data"], "/"), (&[], "/"), (&["/"], "/")]
        {
            assert_eq!(working_directory(&names(given)), directory.as_bytes(), "{given:?}");
        }
        for (name, directory, path) in [
            (".", "/work", "/work"),
            ("./data/", "/work", "/work/data"),
            ("data", "/", "/data"),
            ("../beside", "/work", "/beside"),
            ("../../x", "/", "/x"),
            ("/tmp//a/./b", "/work", "/tmp/a/b"),
            ("/", "/work", "/"),
            ("/..", "/work", "/"),
        ] {
            assert_eq!(absolute(name.as_bytes(), directory.as_bytes()), path.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_program_always_has_a_place() {
        for (called, path) in [("a/b.wasm", "/bin/b.wasm"), ("", "/bin/program"), ("..", "/bin/program")] {
            assert_eq!(program(called.as_bytes()), path.as_bytes());
        }
    }

    #[test]
    fn a_module_is_called_like_its_program() {
        for (module, program) in [("/x/ls.wasm", "/x/ls"), ("sh.cwasm", "sh"), ("true", "true"), (".wasm", ".wasm")] {
            let mut name = module.as_bytes().to_vec();
            without_suffix(&mut name);
            assert_eq!(name, program.as_bytes());
        }
    }
}
