# Prices in cents.

# The sum of all arguments.
total() {
    sum=0
    for price in "$@"; do sum=$((sum + price)); done
    echo "$sum"
}

# A price and how many per cent of it to take off.
discount() {
    echo $(($1 - $2))
}
