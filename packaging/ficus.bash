# bash completion of ficus
_ficus() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options=--help
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W \
      "run demo check explain status routes weight rollback rearm --help --version" -- "$word")
    return
  fi
  case $command in
    demo) options+=" --serve" ;;
    explain) options+=" --header --client --at" ;;
    status) options+=" --admin --json --watch" ;;
    routes) options+=" --admin --json" ;;
    weight) options+=" --admin --reason --for --from-file" ;;
    rollback) options+=" --admin --all --reason" ;;
    rearm) options+=" --admin --reason" ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ $command == run || $command == check || $command == explain ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _ficus ficus
