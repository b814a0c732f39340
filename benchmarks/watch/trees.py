"""The trees the contenders watch: directories of five files, half of them in an ignored node_modules, in git."""

import os
import subprocess

FILES_EACH = 5


def build(root, directories):
    """A repository of ``directories`` directories, half of them ignored, with a branch that is 5,000 files apart."""
    paths = []
    for top in ("src", "node_modules"):
        for number in range(directories // 2 - 1):
            directory = f"{top}/{number % 50}/p{number}"
            os.makedirs(os.path.join(root, directory), exist_ok=True)
            for file in range(FILES_EACH):
                path = f"{directory}/{file}.ts"
                with open(os.path.join(root, path), "w") as stream:
                    stream.write(f"export const n{number} = {file};\n" * 8)
                if top == "src":
                    paths.append(path)
    with open(os.path.join(root, ".gitignore"), "w") as stream:
        stream.write("node_modules\n.watchmanconfig\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    git(root, "checkout", "-qb", "other")
    for path in paths[:: max(1, len(paths) // 5000)][:5000]:
        with open(os.path.join(root, path), "a") as stream:
            stream.write("// other\n")
    git(root, "commit", "-qam", "other")
    git(root, "checkout", "-q", "-b", "start", "HEAD~1")
    return paths


def git(root, *arguments):
    """Run git in a repository, without the user's own configuration."""
    settings = ("init.defaultBranch=one", "user.name=a", "user.email=a@example.org", "gc.auto=0")
    subprocess.run(
        ["git", *(word for setting in settings for word in ("-c", setting)), *arguments],
        cwd=root,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"},
    )
