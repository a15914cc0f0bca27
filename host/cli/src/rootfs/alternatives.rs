//! Links such as /usr/bin/awk that several packages could be behind (update-alternatives(1)).
//!
//! Packages declare them in the script that configures them. The script is not run; what it says in plain words is read,
//! and the choice is what update-alternatives would make: the highest priority. What a script computes is left out.

use anyhow::{Context, Result};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A link, and what it is called in /etc/alternatives.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Link {
    at: String,
    name: String,
    target: String,
}

/// What a package offers: the master link, and those that follow it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Offer {
    priority: i64,
    links: Vec<Link>,
}

/// Makes the links that `archives` declare, and counts the choices made.
pub(super) fn make(root: &Path, archives: &[PathBuf]) -> Result<usize> {
    let root = Dir::open_ambient_dir(root, ambient_authority()).context("mmdebstrap made no root")?;
    let mut best: BTreeMap<String, Offer> = BTreeMap::new();
    for archive in archives {
        for offer in script(archive)?.map_or(Vec::new(), |script| offers(&script)) {
            let Some(master) = offer.links.first() else { continue };
            if is_there(&root, &master.target) && best.get(&master.name).is_none_or(|now| now.priority < offer.priority)
            {
                best.insert(master.name.clone(), offer);
            }
        }
    }
    for link in best.values().flat_map(|offer| &offer.links).filter(|link| is_there(&root, &link.target)) {
        put(&root, &format!("etc/alternatives/{}", link.name), &link.target)?;
        put(&root, inside(&link.at), &format!("/etc/alternatives/{}", link.name))?;
    }
    Ok(best.len())
}

/// The script that configures a package, if it has one (dpkg-deb(1), `--info`).
fn script(archive: &Path) -> Result<Option<String>> {
    let output = Command::new("dpkg-deb").arg("--info").arg(archive).arg("postinst").output();
    let output = output.context("dpkg-deb cannot be started: `apt-get install dpkg`, or the like of your system")?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// What a script declares in plain words: `update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]…`
fn offers(script: &str) -> Vec<Offer> {
    let script = script.replace("\\\n", " ");
    script.lines().filter_map(|line| offer(&shlex::split(line)?)).collect()
}

fn offer(words: &[String]) -> Option<Offer> {
    let command = words.iter().position(|word| word.ends_with("update-alternatives"))?;
    let install = words[command..].iter().position(|word| word == "--install")?;
    let (master, rest) = link(&words[command + install + 1..])?;
    let (priority, mut rest) = rest.split_first()?;
    let mut links = vec![master];
    while let [option, more @ ..] = rest
        && option == "--slave"
        && let Some((slave, after)) = link(more)
    {
        links.push(slave);
        rest = after;
    }
    Some(Offer { priority: priority.trim_end_matches(';').parse().ok()?, links })
}

/// `LINK NAME PATH`, and what follows; none if the shell would still have to do something about it.
fn link(words: &[String]) -> Option<(Link, &[String])> {
    let [at, name, target, rest @ ..] = words else { return None };
    let target = target.trim_end_matches(';');
    let is_plain = |word: &str| !word.contains(['$', '`', '*', '?', ';', '&', '|']);
    let is_path = |path: &str| is_plain(path) && path.starts_with('/') && path.split('/').all(|part| part != "..");
    let is_good = is_path(at) && is_path(target) && is_plain(name) && !name.contains('/');
    is_good.then(|| (Link { at: at.clone(), name: name.clone(), target: target.to_owned() }, rest))
}

/// An absolute path of the root, as one within it.
fn inside(path: &str) -> &str {
    path.trim_start_matches('/')
}

fn is_there(root: &Dir, path: &str) -> bool {
    root.symlink_metadata(inside(path)).is_ok()
}

/// Makes a symbolic link, unless something is there already.
fn put(root: &Dir, at: &str, target: &str) -> Result<()> {
    if root.symlink_metadata(at).is_ok() {
        return Ok(());
    }
    let parent = Path::new(at).parent().unwrap_or(Path::new(""));
    let made = root.create_dir_all(parent).and_then(|()| root.symlink_contents(target, at));
    made.with_context(|| format!("the link /{at} cannot be made"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_read_and_others_left_out() {
        let script = r#"
if [ "$1" = configure ]; then
    update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/mawk 5 \
        --slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz \
        --slave /usr/bin/nawk nawk /usr/bin/mawk;
    update-alternatives --install /usr/bin/$tool tool /usr/bin/x 10
    /usr/bin/update-alternatives --install /usr/bin/pager pager /bin/more $priority
    update-alternatives --remove awk /usr/bin/mawk
    update-alternatives --install /../etc/x x /usr/bin/x 1
fi"#;
        let found = offers(script);
        let link =
            |at: &str, name: &str, target: &str| Link { at: at.into(), name: name.into(), target: target.into() };
        let links = vec![
            link("/usr/bin/awk", "awk", "/usr/bin/mawk"),
            link("/usr/share/man/man1/awk.1.gz", "awk.1.gz", "/usr/share/man/man1/mawk.1.gz"),
            link("/usr/bin/nawk", "nawk", "/usr/bin/mawk"),
        ];
        assert_eq!(found, [Offer { priority: 5, links }]);
    }
}
