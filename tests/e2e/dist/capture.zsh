# What zsh offers where <TAB> is pressed, in a terminal of its own: completions are in the folder $1, and each line of standard
# input is typed. Prints the line, a tab, and the words.
zmodload zsh/zpty || exit 1
zpty terminal zsh -f -i
tell() { zpty -w terminal "$1"; }
tell 'PROMPT= RPROMPT= LISTMAX=-1; stty -echo; setopt no_beep no_auto_list no_always_last_prompt; unset zle_bracketed_paste'
tell "fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D"
# Every function of the completion system ends here; some ask it only what would match.
tell 'compadd() {
  case " $* " in *" -O "* | *" -A "* | *" -D "*) builtin compadd "$@"; return ;; esac
  local -a found; builtin compadd -A found "$@"; offered+=("${found[@]}"); builtin compadd "$@"
}'
tell 'answer() { typeset -ga offered=(); zle complete-word; print -r -- "<<${(j: :)offered}>>"; BUFFER= }'
tell 'zle -N answer; bindkey "^I" answer; print REA""DY'
zpty -r terminal seen '*READY*' || exit 1
while IFS= read -r line; do
  zpty -w -n terminal "$line"$'\t'
  zpty -r terminal seen '*<<*>>*' || exit 1
  seen=${seen##*<<}
  print -r -- "$line"$'\t'"${seen%%>>*}"
done
zpty -d terminal
