# What fish offers where <TAB> is pressed: completions are in the folder $argv[1]; prints each line of standard input, a tab, and
# the words.
for file in $argv[1]/*.fish
    source $file
end
for line in (cat)
    set -l offered (complete --do-complete $line | string replace --regex '\t.*' '')
    printf '%s\t%s\n' $line "$offered"
end
