"""The words of Kiro's hook files: triggers and actions by every name they are met under. Pure."""

from __future__ import annotations

import re
from typing import Final

from hooks.model import Trigger

PROPER: Final = frozenset(
    {"fileCreated", "fileEdited", "fileDeleted", "userTriggered"}
    | {"PostFileCreate", "PostFileSave", "PostFileDelete", "Manual"}
)
"""Triggers as the two formats write them."""
PROPER_ACTIONS: Final = frozenset({"askAgent", "runCommand", "agent", "command"})

_KNOWN_KEYS_WORDS: Final = """
enabled name title id description version when then trigger action matcher timeout event eventType hookAction
filePattern filePatterns patterns pattern excludePattern excludePatterns command prompt outputPrompt message
shortName workspaceFolderName autoApprove runInBackground metadata type toolTypes button_text label author tags icon
category matcher_mode
"""
KNOWN_KEYS: Final = frozenset(_KNOWN_KEYS_WORDS.split())
"""Keys that Kiro and its authors write; any other one is pointed out."""

_TRIGGERS: Final = {
    Trigger.FILE_CREATED: "filecreated filecreate filecreation fileadded fileadd newfile created create postfilecreate",
    Trigger.FILE_MODIFIED: "fileedited fileedit filesaved filesave filechanged filechange filemodified filemodify"
    " fileupdated fileupdate saved save editorsave change changed modified postfilesave postfileedit",
    Trigger.FILE_DELETED: "filedeleted filedelete fileremoved fileremove deleted delete postfiledelete",
    Trigger.MANUAL: "usertriggered usertrigger manual manualtrigger button click command",
}
_BY_WORD: Final = {word: trigger for trigger, words in _TRIGGERS.items() for word in words.split()}
_IDE_ONLY_WORDS: Final = """
promptsubmit userpromptsubmit userprompt prompt promptsubmitted chatmessage agentstop stop agentcomplete
agentcompleted agentfinished agentend agentspawn agentstart subagentstop pretooluse posttooluse tooluse beforetool
aftertool pretaskexec posttaskexec pretaskexecution posttaskexecution taskcompletion taskcompleted taskcomplete
taskstart specupdated sessionstart sessionend contextual
"""
_IDE_ONLY: Final = frozenset(_IDE_ONLY_WORDS.split())
_ACTIONS: Final = {
    "action": "askagent agent prompt sendmessage message ask agentprompt sendprompt",
    "command": "runcommand command shell runshell shellcommand executecommand execute exec run script runscript bash",
}
_BY_ACTION: Final = {word: kind for kind, words in _ACTIONS.items() for word in words.split()}
_EDITS = re.compile(
    r"\b(?:updat|fix|creat|add|writ|generat|refactor|modif|format|renam|remov|delet|replac|insert|correct|implement"
    r"|translat|sync|append|rewrit|chang(?:e|ing)\s)\w*",
    re.IGNORECASE,
)
_NO_EDITS = re.compile(
    r"\b(?:do not|don't|never|without)\s+(?:\w+\s+){0,2}(?:chang|modif|edit|fix|auto-?fix|writ|apply)\w*", re.IGNORECASE
)


def plain_word(word: str) -> str:
    """A trigger's or an action's name with nothing but its letters, and without a leading ``on``."""
    letters = "".join(character for character in word.lower() if character.isalnum())
    return letters[2:] if letters.startswith("on") and len(letters) > 4 else letters


def trigger_of(word: str) -> Trigger | None:
    """What a trigger's name means here."""
    return _BY_WORD.get(plain_word(word))


def needs_ide(word: str) -> bool:
    """Whether a trigger makes sense only inside an IDE or a chat."""
    return plain_word(word) in _IDE_ONLY


def action_of(word: str) -> str | None:
    """``action`` or ``command``, or ``None`` for a name that is neither."""
    return _BY_ACTION.get(plain_word(word))


def asks_for_edits(action: str) -> bool:
    """Whether a prompt seems to ask for edits, so that mode auto-fix may be wanted. A guess by words."""
    text = action[:20_000]
    return bool(_EDITS.search(text)) and not _NO_EDITS.search(text)
