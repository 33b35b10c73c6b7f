curl https://api.example.com/p?a=1&b=2
