"""The built-in lists: what no agent changes, what waits for a person, what no agent sees. Data, nothing else.

Nothing in a workspace can shorten the first two; ``readable:`` opens the third, name by name. All are matched at any
depth on plain names (``daemon.changes.names``).
"""

from __future__ import annotations

AGENT_CONFIGURATION = (
    ".claude", ".claude.json", ".codex", ".cursor", ".gemini", ".github/copilot*", ".copilot", "opencode.json",
    "opencode.jsonc", ".opencode", ".mcp.json", "mcp.json", ".kiro/settings/mcp.json", ".amazonq",
    ".aider.conf.yml", ".aider*", ".continue", ".windsurf", ".goose", ".crush.json", ".roo", ".cline", ".zed",
)  # fmt: skip
"""Files in which agent programs look for servers and commands of their own; several run what they find."""

PROTECTED = (
    ".git", ".gitattributes", ".gitmodules", ".gitconfig", ".hg", ".svn", ".jj", ".bzr", ".kiro", ".kiroignore",
    ".vscode", ".idea", ".fleet", "*.code-workspace", ".devcontainer", ".devcontainer.json", *AGENT_CONFIGURATION,
    ".github/workflows", ".github/actions", ".github/codeowners", ".github/dependabot.yml", "codeowners",
    ".gitlab-ci.yml", ".gitlab-ci", ".gitlab", ".circleci", ".buildkite", ".travis.yml", ".drone.yml",
    ".woodpecker", ".woodpecker.yml", "azure-pipelines*.yml", "azure-pipelines*.yaml", ".azure-pipelines",
    "bitbucket-pipelines.yml", "jenkinsfile", "jenkinsfile.*", "appveyor.yml", ".appveyor.yml", "buildspec*.yml",
    "cloudbuild.yaml", ".tekton", ".teamcity", ".forgejo", ".gitea", ".ci", ".semaphore", "codefresh.yml",
    ".cirrus.yml", "wercker.yml", ".envrc", ".env", ".env.*", ".env*", "*.env", "*.tfvars", "*.tfvars.json",
    "terraform", "*.tfstate", "*.tfstate.*", ".terraform", ".terraformrc", "terraform.rc", ".terraform.lock.hcl",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.asc", "*.gpg", "*.ppk", "id_rsa*",
    "id_dsa*", "id_ecdsa*", "id_ed25519*", "authorized_keys", "known_hosts", ".ssh", ".aws", ".azure", ".gcloud",
    ".gnupg", ".kube", ".docker", ".netrc", "_netrc", ".pgpass", ".git-credentials", ".husky", ".githooks",
    ".lefthook", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".overcommit.yml", ".pre-commit-config.yaml",
    ".pre-commit-config.yml", ".pre-commit-hooks.yaml", "mise.toml", ".mise.toml", "mise.*.toml", ".mise",
    ".config/mise", ".tool-versions", ".direnv", ".asdfrc", ".nvmrc", ".npmrc", ".yarnrc", ".yarnrc.yml",
    ".yarn/plugins", ".yarn/releases", ".pnpmfile.cjs", ".pnpmrc", "bunfig.toml", ".pypirc", "pip.conf", "pip.ini",
    ".condarc", ".cargo/config", ".cargo/config.toml", ".gemrc", ".bundle/config", "nuget.config",
    ".m2/settings.xml", "gradle-wrapper.properties", "gradle-wrapper.jar", "maven-wrapper.properties",
    "maven-wrapper.jar", "uv.toml", ".bazelrc", ".buckconfig", ".bashrc", ".bash_profile", ".bash_login",
    ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".inputrc", ".vimrc", ".exrc",
    ".nvim.lua", ".nvimrc", ".dir-locals.el", ".editorconfig-checker.json", ".kiro-hookd.*",
)  # fmt: skip
"""What an agent never changes: what git, editors, agents, CI and package managers obey, and what holds secrets."""

FOR_A_PERSON = (
    "makefile", "gnumakefile", "*.mk", "justfile", ".justfile", "taskfile.yml", "taskfile.yaml", "rakefile",
    "*.rake", "package.json", "conftest.py", "setup.py", "setup.cfg", "pyproject.toml", "tox.ini", "noxfile.py",
    "sitecustomize.py", "usercustomize.py", "*.pth", "manage.py", "fabfile.py", "tasks.py", "dodo.py", "wscript",
    "sconstruct", "sconscript", "*.sh", "*.bash", "*.zsh", "*.fish", "*.ksh", "*.csh", "*.ps1", "*.psm1", "*.bat",
    "*.cmd", "*.command", "*.desktop", "*.service", "agents.md", "agents.override.md", "claude.md",
    "claude.local.md", "gemini.md", "copilot-instructions.md", ".cursorrules", ".windsurfrules", ".clinerules",
    ".roorules", ".rules", "*.instructions.md", "*.prompt.md", "skill.md", "dockerfile", "dockerfile.*",
    "*.dockerfile", "containerfile", "docker-compose*.yml", "docker-compose*.yaml", "compose.yml", "compose.yaml",
    "vagrantfile", "procfile", "build.rs", "build.xml", "build.gradle", "build.gradle.kts", "settings.gradle",
    "settings.gradle.kts", "pom.xml", "cmakelists.txt", "*.cmake", "configure", "configure.ac", "meson.build",
    "build.zig", "build.sbt", "build.bazel", "workspace.bazel", "module.bazel", "gemfile", "*.gemspec", "podfile",
    "brewfile", "flake.nix", "shell.nix", "default.nix", "gulpfile.*", "gruntfile.*", "webpack.config.*",
    "vite.config.*", "vitest.config.*", "jest.config.*", "rollup.config.*", "babel.config.*", ".babelrc.js",
    ".eslintrc.js", ".eslintrc.cjs", "eslint.config.*", ".prettierrc.js", ".prettierrc.cjs", "prettier.config.*",
    "next.config.*", "nuxt.config.*", "svelte.config.*", "tailwind.config.*", "postcss.config.*",
    "playwright.config.*", "cypress.config.*", "karma.conf.js", ".mocharc.js", ".mocharc.cjs",
    "commitlint.config.*", ".gitignore", ".dockerignore", ".npmignore",
)  # fmt: skip
"""What others execute or obey: a person decides."""

HIDDEN = (
    ".env", ".env.*", ".env*", "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.*", ".aws", ".ssh", ".azure",
    ".gcloud", ".gnupg", ".kube", ".docker/config.json", ".netrc", "_netrc", ".pgpass", ".git-credentials",
    ".npmrc", ".pypirc", ".yarnrc.yml", ".cargo/credentials", ".cargo/credentials.toml", ".terraformrc", "*.pem",
    "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "id_rsa", "id_dsa", "id_ecdsa",
    "id_ed25519", "credentials.json", "credentials.csv", "credentials.yml", "credentials.yaml", "credentials.xml",
    "secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "service-account*.json", "service_account*.json",
    "client_secret*.json", "htpasswd", ".htpasswd", ".vault-token", "vault.yml", ".vault_pass*", ".s3cfg", ".boto",
    *AGENT_CONFIGURATION,
)  # fmt: skip
"""What no agent sees: secrets, and the agents' own configuration in the repository."""

HIDDEN_FILES = ("credentials",)
"""The same, where only a file of that name is a secret and a directory may well be source code."""

NOT_SECRET = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults", "*.pub.pem")
"""Names that look like a secret and are there to be read."""
