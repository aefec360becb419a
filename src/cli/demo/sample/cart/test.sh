. ./price.sh

failed=0

# NAME EXPECTED COMMAND...
check() {
    name=$1 expected=$2
    shift 2
    found=$("$@")
    if [ "$found" = "$expected" ]; then
        echo "test $name ... ok"
    else
        echo "test $name ... FAILED"
        echo "error: assertion failed: $* is $found" >&2
        echo "  expected: $expected" >&2
        echo "     found: $found" >&2
        echo "  --> price.sh:$(grep -n "^$1()" price.sh | cut -d : -f 1)" >&2
        failed=$((failed + 1))
    fi
}

echo "running 3 tests"
check empty_cart 0 total
check two_items 350 total 100 250
check ten_per_cent_off 225 discount 250 10
[ "$failed" = 0 ] || { echo "test result: FAILED. $((3 - failed)) passed; $failed failed"; exit 1; }
