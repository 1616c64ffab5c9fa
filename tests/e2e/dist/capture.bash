# What bash offers where <TAB> is pressed: as its line editor does, the function of a completion is called with the words.
# Completions are in the folder $1; prints each line of standard input, a tab, and the words.
for file in "$1"/*.bash; do . "$file"; done
while IFS= read -r line; do
  read -ra words <<<"$line"
  [[ $line != *' ' ]] || words+=('')
  function=$(complete -p "${words[0]}")
  function=${function#*-F } function=${function%% *}
  COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1)) COMPREPLY=()
  "$function" "${words[0]}" "${words[COMP_CWORD]}" "${words[COMP_CWORD - 1]}" 2>/dev/null
  printf '%s\t%s\n' "$line" "${COMPREPLY[*]}"
done
