from staging.images.apart import main

main()
