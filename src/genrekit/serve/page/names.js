// Names from outside, made safe to read: what is invisible or turns the text around is shown as an escape.
const TURNING = "\\u202a-\\u202e\\u2066-\\u2069";
const UNSEEN = new RegExp(`[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}${TURNING}]`, "gu");
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escape(character) {
  if (character in SHORT) return SHORT[character];
  const code = character.codePointAt(0);
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

export const shown = (name) => name.replace(UNSEEN, escape);

// As the service writes a name in its messages, like Python's `repr`.
export const asInMessages = (name) => name.replace(UNPRINTABLE, escape);

// Within a sentence: a name that runs from right to left must not take its neighbours along.
export const within = (name) => `\u2068${shown(name)}\u2069`;
