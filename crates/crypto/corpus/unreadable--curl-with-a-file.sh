curl https://api.example.com/p -d @body.json
