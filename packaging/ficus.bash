# bash completion of ficus
_ficus() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options=--help
  local commands="run demo check explain status routes weight rollback rearm help"
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
    return
  fi
  case $command in
    demo) options+=" --serve" ;;
    check) options+=" --strict --probe" ;;
    explain) options+=" --header --client --at" ;;
    status) options+=" --admin --json --watch" ;;
    routes) options+=" --admin --json" ;;
    weight) options+=" --admin --reason --for --from-file" ;;
    rollback) options+=" --admin --all --reason" ;;
    rearm) options+=" --admin --reason" ;;
    help) ((COMP_CWORD == 2)) && mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
      return ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ $command == run || $command == check || $command == explain ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _ficus ficus
